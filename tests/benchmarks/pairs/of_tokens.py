"""Embeddings, positions, token layers, recurrence and heads against their counterparts."""

from tests.benchmarks.pairs.counterparts import ReadingMemory
from tests.benchmarks.pairs.pair import IMAGE, MAP, TOKENS, WINDOWED, Pair, channels_last, positions, tokens, words

MANY_TOKENS = (32, 196, 192)  # for a single addition

PAIRS = [
    # stems and tokens
    Pair(
        "PatchEmbed",
        {"in_channels": 3, "dim": 192, "patch_size": 16},
        "timm.layers:PatchEmbed",
        {"img_size": 112, "patch_size": 16, "embed_dim": 192},
        IMAGE,
    ),
    Pair(
        "ConvTokenizer",
        {"in_channels": 3, "dim": 64, "act": "none"},
        "vit_pytorch.cct:Tokenizer",
        {"kernel_size": 7, "stride": 2, "padding": 3, "n_conv_layers": 1, "n_output_channels": 64},
        IMAGE,
    ),
    Pair(
        "ShiftedPatchEmbed",
        {"in_channels": 3, "dim": 192, "patch_size": 8, "shift": 1, "directions": "axes"},
        "vit_pytorch.vit_for_small_dataset:SPT",
        {"dim": 192, "patch_size": 8},
        IMAGE,
    ),
    Pair(
        "CrossScaleEmbed",
        {"in_channels": 3},
        "vit_pytorch.crossformer:CrossEmbedLayer",
        {"dim_in": 3, "dim_out": 64, "kernel_sizes": [4, 8, 16, 32], "stride": 4},
        IMAGE,
    ),
    Pair(
        "OverlapPatchEmbed",
        {"in_channels": 3},
        "timm.models.pvt_v2:OverlapPatchEmbed",
        {"embed_dim": 64},
        IMAGE,
        result=channels_last,
    ),
    Pair(
        "T2TStage",
        {"channels": 3, "kernel_size": 7, "stride": 4, "token_dim": None},
        "vit_pytorch:t2t_stage",
        {},
        (1, 3, 224, 224),
        "norm3.weight norm3.bias norm1.weight norm1.bias qkv.weight norm2.weight norm2.bias"
        " mlp.fc1.weight mlp.fc1.bias mlp.fc2.weight mlp.fc2.bias",
        result=tokens,
    ),
    Pair(
        "TubeletEmbed",
        {"in_channels": 3, "norm": "both"},
        "vit_pytorch:tubelets",
        {},
        (2, 3, 8, 112, 112),
    ),
    *(
        Pair(
            block,
            {"dim": 192, **ours},
            "timm.models.vision_transformer:VisionTransformer",
            {"embed_dim": 192, "depth": 0, "num_heads": 3, **theirs},
            TOKENS,
            without=("patch_embed", "norm", "fc_norm", "head"),
            call=positions,
        )
        for block, ours, theirs in (
            ("ClassToken", {}, {"pos_embed": "none"}),
            (
                "RegisterTokens",
                {"after": 0},
                {"class_token": False, "reg_tokens": 4, "pos_embed": "none", "global_pool": "avg"},
            ),
            ("LearnedPosition", {"n": 196}, {"class_token": False, "global_pool": "avg"}),
        )
    ),
    Pair(
        "ClassToken + DistillToken + LearnedPosition",
        ({"dim": 192}, {"dim": 192}, {"n": 198, "dim": 192}),
        "timm.models.deit:VisionTransformerDistilled",
        {"embed_dim": 192, "depth": 0, "num_heads": 3},
        TOKENS,
        "0.token 2.position 1.token",
        without=("patch_embed", "norm", "head", "head_dist"),
        call=positions,
        note="two of our blocks copy the tokens, theirs once",
    ),
    Pair(
        "TokenDropout",
        {},
        "timm.layers:PatchDropout",
        {"prob": 0.25, "ordered": True},
        TOKENS,
        note="at random: equal in evaluation, in training by law",
    ),
    Pair(
        "LayerNorm + SequencePool + Linear",
        ({"dim": 192, "eps": 1e-5}, {"dim": 192, "bias": True}, {"in_features": 192, "out_features": 10}),
        "vit_pytorch.cct:TransformerClassifier",
        {
            "embedding_dim": 192,
            "num_layers": 0,
            "num_classes": 10,
            "dropout_rate": 0.0,
            "positional_embedding": "none",
            "sequence_length": 196,
        },
        TOKENS,
        "1.score.weight 1.score.bias 0.weight 0.bias 2.weight 2.bias",
    ),
    Pair(
        "MemoryTokens + MultiHeadCrossAttention",
        ({"dim": 192}, {"dim": 192, "context_dim": 192, "num_heads": 3, "qkv_bias": False}),
        "vit_pytorch:Remembering",
        {"dim": 192, "heads": 3, "memories": 10},
        TOKENS,
        without=("attention.norm",),
        join=ReadingMemory,
    ),
    Pair(
        "PatchMerger",
        {"dim": 192},
        "vit_pytorch.vit_with_patch_merger:PatchMerger",
        {"dim": 192, "num_tokens_out": 8},
        TOKENS,
    ),
    Pair(
        "PatchMerging",
        {"dim": 96},
        "timm.models.swin_transformer:PatchMerging",
        {"dim": 96},
        WINDOWED,
        turn=channels_last,
    ),
    # transformer
    Pair("Mlp", {"dim": 192}, "timm.layers:Mlp", {"in_features": 192, "hidden_features": 768}, TOKENS),
    Pair(
        "GatedMlp",
        {"dim": 192, "mlp_ratio": 2},
        "timm.layers:SwiGLU",
        {"in_features": 192, "hidden_features": 384},
        TOKENS,
    ),
    Pair("LayerScale", {"dim": 192}, "timm.models.vision_transformer:LayerScale", {"dim": 192}, TOKENS),
    Pair(
        "TransformerEncoderLayer",
        {"dim": 192, "num_heads": 3},
        "timm.models.vision_transformer:Block",
        {"dim": 192, "num_heads": 3, "qkv_bias": True},
        TOKENS,
    ),
    Pair(
        "TransformerEncoderLayer",
        {"dim": 192, "num_heads": 3, "norm": "post", "norm_eps": 1e-5},
        "torch.nn:TransformerEncoderLayer",
        {"d_model": 192, "nhead": 3, "dim_feedforward": 768, "dropout": 0.0, "activation": "gelu", "batch_first": True},
        TOKENS,
        words("attn.qkv attn.proj mlp.fc1 mlp.fc2 norm1 norm2"),
        label="post-norm",
    ),
    Pair(
        "TransformerDecoderLayer",
        {"dim": 192, "memory_dim": 192, "num_heads": 3, "norm_eps": 1e-5},
        "torch:CausalDecoder",
        {
            "d_model": 192,
            "nhead": 3,
            "dim_feedforward": 768,
            "dropout": 0.0,
            "activation": "gelu",
            "batch_first": True,
            "norm_first": True,
        },
        (TOKENS, (8, 49, 192)),
        words(
            "self_attn.qkv self_attn.proj cross_attn.q+cross_attn.kv cross_attn.proj mlp.fc1 mlp.fc2 norm1 norm2 norm3"
        ),
    ),
    Pair(
        "ParallelEncoderLayer",
        {"dim": 192, "num_heads": 3},
        "timm.models.vision_transformer:ParallelThingsBlock",
        {"dim": 192, "num_heads": 3, "qkv_bias": True},
        TOKENS,
    ),
    # norms, where torch has none of the kind
    Pair("LayerNorm2d", {"channels": 64}, "timm.layers:LayerNorm2d", {"num_channels": 64}, MAP),
    Pair("RMSNorm", {"dim": 192}, "timm.layers:RmsNorm", {"channels": 192}, TOKENS),
    Pair("DropPath", {"rate": 0.1}, "timm.layers:DropPath", {"drop_prob": 0.1}, TOKENS, training=True),
    # positions
    Pair(
        "RelativePositionBias",
        {"n": 196, "num_heads": 3},
        "timm.layers:RelPosBias",
        {"window_size": (14, 14), "num_heads": 3},
        TOKENS,
        call=lambda theirs, x: theirs.get_bias().expand(len(x), -1, -1, -1),
    ),
    Pair(
        "DynamicPositionBias",
        {"n": 196, "num_heads": 1},
        "vit_pytorch:CrossFormerBias",
        {"side": 14, "hidden": 16},
        TOKENS,
    ),
    Pair(
        "RotaryPosition",
        {"n": 196, "dim": 192, "num_heads": 3, "axes": "2d"},
        "timm:Rotary",
        {"side": 14, "dim": 192, "heads": 3},
        TOKENS,
    ),
    Pair(
        "SinCos2dPosition",
        {"n": 196, "dim": 192},
        "vit_pytorch:simple_vit_position",
        {"side": 14, "dim": 192},
        MANY_TOKENS,
        note="one addition, as fast as memory: +-10 %; ours checks the length and calls its dropout",
    ),
    Pair(
        "SinusoidalPosition",
        {"n": 196, "dim": 192},
        "vit_pytorch:cct_position",
        {"n": 196, "dim": 192},
        MANY_TOKENS,
        note="one addition, as fast as memory: +-10 %; ours checks the length and calls its dropout",
    ),
    # recurrence
    *(
        Pair(
            block,
            {"dim": 192},
            f"torch.nn:{block}",
            {"input_size": 192, "hidden_size": 128, "batch_first": True},
            (8, 49, 192),
            call=lambda theirs, x: (states := theirs(x)[0], states[:, -1]),
        )
        for block in ("RNN", "GRU", "LSTM")
    ),
    Pair("BidirectionalEncoder", {"dim": 192}, "torch:BothWays", {"dim": 192, "hidden": 128}, (8, 49, 192)),
    # heads
    Pair("ClassifierHead", {"channels": 64}, "timm.layers:ClassifierHead", {"in_features": 64, "num_classes": 10}, MAP),
    Pair(
        "TokenClassifierHead",
        {"dim": 192, "pooling": "avg"},
        "timm.models.vision_transformer:VisionTransformer",
        {
            "embed_dim": 192,
            "depth": 0,
            "num_heads": 3,
            "num_classes": 10,
            "global_pool": "avg",
            "class_token": False,
            "pos_embed": "none",
        },
        TOKENS,
        without=("patch_embed", "norm"),
        call=lambda theirs, x: theirs.forward_head(x),
    ),
]

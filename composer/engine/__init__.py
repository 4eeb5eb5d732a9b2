"""What needs torch: shapes and costs on the meta device, the generated source, built models, training, capture.

`infer` walks the graph and keeps a memo; `codegen` turns a design into Python text; `build` imports that very text; `train`
trains what `build` built; `capture` looks into it. `__main__` is the worker process that the window talks to.
"""

import numpy as np
import pytest
import torch

from composer.engine.training.augmentations import policies, rand_augment, trivial_augment
from composer.engine.training.augmentations.policies import apply_policy, signed
from composer.engine.training.augmentations.rand_augment import RandAugment
from composer.engine.training.augmentations.trivial_augment import TrivialAugment
from tests.engine.training.augmentations.tools import noise, photo, ready, stream

MEAN = (0.2, 0.4, 0.6)


def move(images, operation, amount):
    count = len(images)
    one = torch.ones(count)
    return apply_policy(images, {operation: signed(amount)}, torch.zeros(count), one, one, MEAN)


def test_a_rotation_by_a_quarter_turns_a_rectangle():
    images = torch.zeros(1, 3, 9, 15)
    images[:, :, 4, 7:12] = 1.0  # from the centre to the right
    turned = move(images, "rotate", 90.0)[0]
    column = turned[:, :, 7]
    # From the centre upwards: what looks like a rotation to the left on the screen.
    assert column[0].round(decimals=3).tolist() == pytest.approx([1, 1, 1, 1, 1, 0, 0, 0, 0], abs=1e-4)
    # Above and below, the rectangle has not enough rows, so the mean enters at both sides.
    assert turned[:, 4, 0].tolist() == pytest.approx(MEAN, abs=1e-5)


def test_a_shift_moves_by_a_share_of_the_side():
    images = noise(2, (3, 8, 16))
    across = move(images, "translate_x", 0.25)
    assert np.allclose(across[..., :12].numpy(), images[..., 4:].numpy(), atol=1e-5)
    assert across[0, :, 3, 14].tolist() == pytest.approx(MEAN, abs=1e-5)
    down = move(images, "translate_y", -0.25)
    assert np.allclose(down[:, :, 2:].numpy(), images[:, :, :6].numpy(), atol=1e-5)


def test_a_shear_moves_rows_by_their_distance_from_the_centre():
    images = noise(1, (3, 9, 15))
    sheared = move(images, "shear_x", 1.0)[0]
    for row in range(9):
        shift = row - 4
        inside = slice(max(0, -shift), 15 - max(0, shift))
        source = slice(inside.start + shift, inside.stop + shift)
        assert np.allclose(sheared[:, row, inside].numpy(), images[0, :, row, source].numpy(), atol=1e-4)
    sheared = move(images, "shear_y", 1.0)[0]
    assert np.allclose(sheared[:, 0:7, 9].numpy(), images[0, :, 2:9, 9].numpy(), atol=1e-4)


def test_images_without_an_operation_stay_as_they_are():
    images = noise(4)
    numbers = torch.tensor([-1.0, 0.0, -1.0, 0.0])
    result = apply_policy(images, {"invert": policies.nothing}, numbers, torch.ones(4), torch.ones(4), MEAN)
    assert torch.equal(result[[0, 2]], images[[0, 2]])
    assert torch.allclose(result[[1, 3]], 1 - images[[1, 3]])
    assert torch.equal(images, noise(4))


@pytest.mark.parametrize("policy", [rand_augment.POLICY, trivial_augment.POLICY])
def test_every_operation_exists_and_keeps_the_range(policy):
    for number, name in enumerate(policy):
        assert name in policies.MOVES or name in policies.COLOUR_OPERATIONS or name == policies.IDENTITY
        for level in (0.0, 0.5, 1.0):
            levels, signs = torch.full((4,), level), torch.tensor([1.0, -1.0, 1.0, -1.0])
            result = apply_policy(noise(4), policy, torch.full((4,), float(number)), levels, signs, MEAN)
            assert float(result.min()) >= -1e-6 and float(result.max()) <= 1 + 1e-6, name
            assert result.isfinite().all(), name


def test_the_level_is_the_strength():
    image = (photo() + noise(1, (3, 24, 32)) / 10).clamp(0, 1)
    weak, strong = torch.zeros(1), torch.ones(1)
    for number, name in enumerate(rand_augment.POLICY):
        if name in ("autocontrast", "equalize", "invert"):
            continue
        changes = [
            float(
                (apply_policy(image, rand_augment.POLICY, torch.full((1,), float(number)), level, strong, MEAN) - image)
                .abs()
                .mean()
            )
            for level in (weak, strong)
        ]
        # Posterizing begins with 4 bits; everything else begins with no change.
        assert changes[0] < (0.04 if name == "posterize" else 0.003), name
        assert changes[1] > max(0.005, 2 * changes[0]), name


def test_rand_augment_draws_operations_and_magnitudes():
    augmentation = ready(RandAugment(magnitude=6.0, operations=3, spread=0.5, probability=0.6))
    operation, levels, signs = augmentation.draw(5000, stream()).unbind(2)
    assert operation.shape == (5000, 3)
    assert float((operation >= 0).float().mean()) == pytest.approx(0.6, abs=0.02)
    counts = torch.bincount(operation[operation >= 0].long(), minlength=15)
    assert len(counts) == 15 and int(counts.min()) > 0.8 * int(counts.float().mean())
    assert float(levels.mean()) == pytest.approx(0.6, abs=0.01) and float(levels.std()) == pytest.approx(
        0.05, abs=0.005
    )
    assert float(signs.mean()) == pytest.approx(0.0, abs=0.05)


def test_trivial_augment_draws_every_operation_at_every_level():
    images = photo().expand(300, -1, -1, -1)
    augmentation = ready(TrivialAugment(), (3, 24, 32))
    result = augmentation.apply(images, augmentation.draw(300, stream()))
    changes = (result - images).abs().flatten(1).mean(1)
    assert 0.03 < float((changes == 0).float().mean()) < 0.25  # the identity, and operations at level 0
    assert float(changes.max()) > 0.2


def test_grey_images_are_augmented_too():
    images = noise(200, (1, 8, 8))
    for augmentation in (RandAugment(), TrivialAugment()):
        ready(augmentation, (1, 8, 8))
        result = augmentation.apply(images, augmentation.draw(200, stream()))
        assert result.shape == images.shape
        assert float((result != images).flatten(1).any(1).float().mean()) > 0.6

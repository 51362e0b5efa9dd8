"""How many operators run: on a GPU each is a kernel, and launching it takes longer than most of them run."""

from torch.utils._python_dispatch import TorchDispatchMode

WITHOUT_KERNEL = ("aten::empty", "aten::new_empty", "aten::empty_like", "aten::_unsafe_view", "aten::lift_fresh")


class Operators(TorchDispatchMode):
    """Counts the operators inside a `with` block but for those that only look at a tensor in another way."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        schema = func._schema
        view = any(found.alias_info is not None and not found.alias_info.is_write for found in schema.returns)
        self.count += not view and not schema.name.startswith(WITHOUT_KERNEL)
        return func(*args, **(kwargs or {}))

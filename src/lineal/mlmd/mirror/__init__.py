"""Keep a store and a plain ML Metadata server alike: what one has, the other gets."""

from lineal.mlmd.mirror.incoming import Mirrored, mirror_in
from lineal.mlmd.mirror.outgoing import mirror_out
from lineal.mlmd.mirror.peer import Peer

__all__ = ["Mirrored", "Peer", "mirror_in", "mirror_out"]

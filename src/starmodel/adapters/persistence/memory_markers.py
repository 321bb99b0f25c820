"""Idempotency markers in this process, bounded by owner, by number and in bytes."""

from __future__ import annotations

from collections import OrderedDict

from starmodel.app.ports.clock import Clock
from starmodel.app.ports.repository import MARKER_TTL_S, Marker

MAX_PER_OWNER = 1_000
_OVERHEAD_BYTES = 600


class MemoryMarkers:
    """Markers by key, with separate bounds for guests and for signed-in actors.

    A marker beyond `max_per_owner` replaces the oldest of its owner; beyond
    `max_markers` or `max_bytes` the oldest of all guests, or of all actors,
    is evicted.

    Units: max_markers and max_bytes apply to guests and to actors separately.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        max_markers: int = 100_000,
        max_per_owner: int = MAX_PER_OWNER,
        max_bytes: int = 100_000_000,
    ) -> None:
        self._clock = clock
        self._limits = max_markers, max_per_owner, max_bytes
        self._guests, self._actors = _Group(), _Group()

    def __len__(self) -> int:
        return len(self._guests.markers) + len(self._actors.markers)

    def get(self, key: str) -> Marker | None:
        """Return the marker with this key, unless it is older than a day."""
        found = self._guests.markers.get(key) or self._actors.markers.get(key)
        if found is None or found.at + MARKER_TTL_S <= self._clock():
            return None
        return found

    def put(self, marker: Marker) -> None:
        """Add the marker, or replace the one with its key."""
        key = marker.key
        if key in self._guests.markers or key in self._actors.markers:
            self.remove(key)
        group = self._guests if marker.is_guests else self._actors
        markers = group.markers
        markers[key] = marker
        own_keys = group.owners.setdefault(marker.owner, {})
        own_keys[key] = None
        group.bytes += len(key) + len(marker.outcome or "") + _OVERHEAD_BYTES
        most, most_of_owner, max_bytes = self._limits
        if len(own_keys) > most_of_owner:
            group.remove(next(iter(own_keys)))
        while len(markers) > most or group.bytes > max_bytes or self._has_expired(group):
            group.remove(next(iter(markers)))

    def remove(self, key: str) -> None:
        """Remove the marker with this key."""
        for group in (self._actors, self._guests):
            if key in group.markers:
                group.remove(key)

    def sweep(self) -> None:
        """Remove markers older than a day."""
        for group in (self._actors, self._guests):
            while self._has_expired(group):
                group.remove(next(iter(group.markers)))

    def _has_expired(self, group: _Group) -> bool:
        for oldest in group.markers.values():
            return oldest.at + MARKER_TTL_S <= self._clock()
        return False


class _Group:
    """Markers in order of insertion, and the keys of each owner."""

    def __init__(self) -> None:
        self.markers: OrderedDict[str, Marker] = OrderedDict()
        self.owners: dict[str, dict[str, None]] = {}
        self.bytes = 0

    def remove(self, key: str) -> None:
        marker = self.markers.pop(key)
        own_keys = self.owners[marker.owner]
        del own_keys[key]
        if not own_keys:
            del self.owners[marker.owner]
        self.bytes -= len(key) + len(marker.outcome or "") + _OVERHEAD_BYTES

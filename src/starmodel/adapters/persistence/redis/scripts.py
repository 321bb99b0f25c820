"""The Lua scripts of the Redis store; each is atomic, and declares every key that it touches.

They use nothing that Redis 7.0 or Valkey 7.2 lacks.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any


class Script:
    """A script, which is called by its digest, and loaded after a NOSCRIPT error."""

    def __init__(self, flags: str, body: str) -> None:
        self.text = f"#!lua flags={flags}\n{body}"
        # SHA-1 names scripts in Redis; nothing relies on its strength.
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()

    def command(self, keys: Sequence[str], arguments: Sequence[Any]) -> tuple[Any, ...]:
        """The command that calls the script."""
        return ("EVALSHA", self.sha, len(keys), *keys, *arguments)


_RECORDS = """
local function head(raw)
  return string.match(raw, '^{"%$":"(%d+);([%d.]*);(%x*);([^"]*)"')
end
local function entries(text, id, add)
  for name, value in string.gmatch(text, '([^=;]+)=([^;]*)') do
    local decoded = string.gsub(value, '%%(%x%x)', function(pair)
      return string.char(tonumber(pair, 16))
    end)
    add(name .. '\\0' .. decoded .. '\\0' .. id, name, decoded)
  end
  add('id\\0' .. id, 'id', '')
end
"""

_COMMIT = (
    _RECORDS
    + """
local now, marker, command, nonce = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local marker_ttl, token, held_keys = ARGV[5], ARGV[6], tonumber(ARGV[7])
local count = (#ARGV - 7) / 8
if marker ~= '' then
  local held = redis.call('GET', KEYS[1])
  if held then
    local theirs, own, at = string.match(held, '^([^;]*);([^;]*);([^;]*);')
    if theirs == command and own == nonce then return {'ok'} end
    if theirs ~= command and tonumber(at) + 86400 > now then return {'duplicate'} end
  end
end
local found, removed = {}, {}
for n = 1, count do
  local k, a = 1 + (n - 1) * 5, 7 + (n - 1) * 8
  local lock = redis.call('GET', KEYS[k + 5])
  if lock and lock ~= token then return {'locked', n - 1} end
  local kind, base, shape = ARGV[a + 1], ARGV[a + 2], ARGV[a + 3]
  local raw = redis.call('GET', KEYS[k + 1])
  local record = {}
  if raw then
    record.version, record.expiry, record.shape, record.entries = head(raw)
    if not record.version then return {'corrupt', n - 1} end
  end
  local alive = raw and (record.expiry == '' or tonumber(record.expiry) > now)
  if kind == 'insert' then
    if alive then return {'conflict', n - 1, record.version} end
  elseif not alive then return {'conflict', n - 1, ''}
  elseif record.version ~= base then return {'conflict', n - 1, record.version}
  elseif kind == 'update' and shape ~= 'any' and record.shape ~= shape then
    return {'shape', n - 1, raw}
  end
  found[n] = record
  if raw and kind ~= 'check' then
    entries(record.entries, ARGV[a + 7], function(made) removed[KEYS[k + 2] .. made] = true end)
  end
end
local claimed = {}
for n = 1, count do
  local k, a = 1 + (n - 1) * 5, 7 + (n - 1) * 8
  if ARGV[a + 6] ~= '' and ARGV[a + 4] ~= '' then
    local _, _, _, text = head(ARGV[a + 4])
    local taken
    entries(text, ARGV[a + 7], function(made, name, value)
      if not string.find(ARGV[a + 6], ',' .. name .. ',', 1, true) then return end
      if string.sub(value, 1, 1) ~= '1' or taken then return end
      local start = name .. '\\0' .. value .. '\\0'
      for _, other in ipairs(redis.call('ZRANGEBYLEX', KEYS[k + 2], '[' .. start,
                                        '(' .. start .. '\\255', 'LIMIT', 0, count + 1)) do
        if not removed[KEYS[k + 2] .. other] then taken = name end
      end
      if claimed[KEYS[k + 2] .. start] then taken = name end
      claimed[KEYS[k + 2] .. start] = true
    end)
    if taken then return {'unique', n - 1, taken} end
  end
end
for n = 1, count do
  local k, a = 1 + (n - 1) * 5, 7 + (n - 1) * 8
  local kind, raw, ttl, id = ARGV[a + 1], ARGV[a + 4], ARGV[a + 5], ARGV[a + 7]
  if kind ~= 'check' then
    local before, after = {}, {}
    if found[n].version then
      entries(found[n].entries, id, function(made) before[made] = true end)
    end
    if kind ~= 'delete' then
      local _, expiry, _, text = head(raw)
      entries(text, id, function(made) after[made] = true end)
      redis.call('SET', KEYS[k + 1], raw)
      if ttl ~= '' then
        redis.call('PEXPIRE', KEYS[k + 1], ttl)
        redis.call('ZADD', KEYS[k + 3], expiry, id)
      elseif found[n].version and found[n].expiry ~= '' then
        redis.call('ZREM', KEYS[k + 3], id)
      end
      local number = ARGV[a + 8]
      if number ~= '' then
        local highest = redis.call('GET', KEYS[k + 4]) or '0'
        if #number > #highest or (#number == #highest and number > highest) then
          redis.call('SET', KEYS[k + 4], number)
        end
      end
    else
      redis.call('DEL', KEYS[k + 1])
      if found[n].expiry ~= '' then redis.call('ZREM', KEYS[k + 3], id) end
    end
    for made in pairs(before) do
      if not after[made] then redis.call('ZREM', KEYS[k + 2], made) end
    end
    for made in pairs(after) do
      if not before[made] then redis.call('ZADD', KEYS[k + 2], 0, made) end
    end
  end
end
if marker ~= '' and marker_ttl ~= '0' then
  redis.call('SET', KEYS[1], marker, 'PX', marker_ttl)
end
for n = 1, held_keys do
  local lock = KEYS[1 + count * 5 + n]
  if redis.call('GET', lock) == token then redis.call('DEL', lock) end
end
return {'ok'}
"""
)

COMMIT = Script("", _COMMIT)
"""Stores a batch. Keys: marker; record, index, expiry, sequence, lock of each change; held locks.

Arguments: now, marker, its command, its nonce, its ttl in ms, lock token, number of held locks;
for each change kind, base, shape, JSON, ttl in ms, ",unique,fields,", sort text of the id, and
the id if it is a number of the sequence.
"""
DELETE = Script("allow-oom", _COMMIT)
"""The same for batches that only delete, which a full server accepts."""

FORGET = Script(
    "allow-oom",
    """
local held = redis.call('GET', KEYS[1])
if held and string.match(held, '^([^;]*);') == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
""",
)
"""Deletes a marker of the command."""

TOUCH = Script(
    "",
    """
local raw = redis.call('GET', KEYS[1])
if not raw then return 0 end
local start, expiry, rest = string.match(raw, '^({"%$":"%d+;)([%d.]*)(;.*)$')
if not start or (expiry ~= '' and tonumber(expiry) <= tonumber(ARGV[1])) then return 0 end
redis.call('SET', KEYS[1], start .. ARGV[2] .. rest, 'PX', ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[4])
return 1
""",
)
"""Sets the expiry of a record that is there. Arguments: now, expiry, ttl in ms, id."""

SWEEP = Script(
    "allow-oom",
    _RECORDS
    + """
local swept = {}
for n = 1, #ARGV - 1 do
  local id = ARGV[n + 1]
  local expiry = redis.call('ZSCORE', KEYS[2], id)
  if expiry and tonumber(expiry) <= tonumber(ARGV[1]) then
    redis.call('ZREM', KEYS[2], id)
    local raw = redis.call('GET', KEYS[n + 2])
    local version, expires, _, text
    if raw then version, expires, _, text = head(raw) end
    local alive = expires and (expires == '' or tonumber(expires) > tonumber(ARGV[1]))
    if not alive then
      if version then redis.call('DEL', KEYS[n + 2]) end
      entries(text or '', id, function(made) redis.call('ZREM', KEYS[1], made) end)
      swept[#swept + 1] = id
      swept[#swept + 1] = version or ''
    end
  end
end
return swept
""",
)
"""Deletes the records that have expired; their ids and versions ("" for one that was gone).

Keys: index, expiry, records. Arguments: now, ids.
"""

REMOVE = Script(
    "allow-oom",
    _RECORDS
    + """
local removed = 0
for n = 1, #ARGV do
  local raw = redis.call('GET', KEYS[n + 2])
  local _, text
  if raw then _, _, _, text = head(raw) end
  removed = removed + redis.call('DEL', KEYS[n + 2])
  entries(text or '', ARGV[n], function(made) redis.call('ZREM', KEYS[1], made) end)
  redis.call('ZREM', KEYS[2], ARGV[n])
end
return removed
""",
)
"""Deletes records of any version; their number. Keys: index, expiry, records. Arguments: ids."""

LOCK = Script(
    "",
    """
for n = 1, #KEYS do
  local held = redis.call('GET', KEYS[n])
  if held and held ~= ARGV[1] then return 0 end
end
for n = 1, #KEYS do redis.call('SET', KEYS[n], ARGV[1], 'PX', ARGV[2]) end
return 1
""",
)
"""Locks all records, or none. Arguments: token, lease in ms."""

UNLOCK = Script(
    "allow-oom",
    """
for n = 1, #KEYS do
  if redis.call('GET', KEYS[n]) == ARGV[1] then redis.call('DEL', KEYS[n]) end
end
return 1
""",
)
"""Releases the locks of a token."""

NEXT_ID = Script("", "return redis.call('INCR', KEYS[1])")
"""The next number of a sequence."""

REINDEX = Script(
    "",
    _RECORDS
    + """
local raw = redis.call('GET', KEYS[1])
if raw ~= ARGV[1] then return 0 end
local ttl = redis.call('PTTL', KEYS[1])
local _, _, _, old = head(raw)
entries(old, ARGV[3], function(made) redis.call('ZREM', KEYS[2], made) end)
local _, _, _, new = head(ARGV[2])
entries(new, ARGV[3], function(made) redis.call('ZADD', KEYS[2], 0, made) end)
redis.call('SET', KEYS[1], ARGV[2])
if ttl > 0 then redis.call('PEXPIRE', KEYS[1], ttl) end
return 1
""",
)
"""Replaces the JSON of a record that is as it was read, and its index entries."""

PRUNE = Script(
    "allow-oom",
    _RECORDS
    + """
local pruned = 0
for n = 1, (#ARGV) / 2 do
  local made, id = ARGV[2 * n - 1], ARGV[2 * n]
  local raw = redis.call('GET', KEYS[n + 1])
  local known = false
  if raw then
    local _, _, _, text = head(raw)
    if text then entries(text, id, function(own) known = known or own == made end) end
  end
  if not known then pruned = pruned + redis.call('ZREM', KEYS[1], made) end
end
return pruned
""",
)
"""Removes index entries that their records do not have. Keys: index, records."""

SCRIPTS = {
    script.sha: script
    for script in (
        COMMIT, DELETE, FORGET, TOUCH, SWEEP, REMOVE, LOCK, UNLOCK, NEXT_ID, REINDEX, PRUNE,
    )
}  # fmt: skip

-- A least-recently-used cache: a doubly linked list and a map, driven by a fixed access pattern.
local Cache = {}
Cache.__index = Cache

local function new_cache(capacity, produce)
    local head, tail = {}, {}
    head.next, tail.previous = tail, head
    return setmetatable({
        capacity = capacity, produce = produce, head = head, tail = tail,
        nodes = {}, size = 0, hits = 0, misses = 0, evicted = {},
    }, Cache)
end

local function unlink(node)
    node.previous.next, node.next.previous = node.next, node.previous
end

function Cache:to_front(node)
    node.previous, node.next = self.head, self.head.next
    self.head.next.previous = node
    self.head.next = node
end

function Cache:get(key)
    local node = self.nodes[key]
    if node then
        self.hits = self.hits + 1
        unlink(node)
    else
        self.misses = self.misses + 1
        node = { key = key, value = self.produce(key) }
        if self.size == self.capacity then
            local oldest = self.tail.previous
            unlink(oldest)
            self.nodes[oldest.key] = nil
            self.evicted[#self.evicted + 1] = oldest.key
        else
            self.size = self.size + 1
        end
        self.nodes[key] = node
    end
    self:to_front(node)
    return node.value
end

local made = 0
local cache = new_cache(6, function(key)
    made = made + 1
    return { text = "value of " .. key, serial = made }
end)
local state, checksum = 7, 0
for _ = 1, 60 do
    state = (state * 37 + 11) % 101
    checksum = checksum + cache:get("key" .. state % 10).serial
end
local order, node = {}, cache.head.next
while node ~= cache.tail do
    order[#order + 1] = node.key
    node = node.next
end
print("hits", cache.hits, "misses", cache.misses, "made", made, "checksum", checksum)
print("order", table.concat(order, " "))
print("evicted", #cache.evicted, table.concat(cache.evicted, " ", 1, 8))

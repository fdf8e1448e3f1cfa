-- Finalizers, resurrection and weak tables. A finalizer that cannot get memory is dropped with a
-- warning, as the manual says, so nothing printed depends on how many ran.
local finalized = 0
local function resource(name)
    return setmetatable({ name = name, buffer = { name, name .. name } }, {
        __gc = function(self)
            finalized = finalized + 1
            self.log = self.name .. " finalized"
        end,
    })
end

local kept = {}
for i = 1, 24 do
    local made = resource("r" .. i)
    if i % 6 == 0 then
        kept[#kept + 1] = made
    end
end
collectgarbage()
local graveyard
setmetatable({ message = "resurrected" }, { __gc = function(self)
    graveyard = self
end })
collectgarbage()
collectgarbage()
assert(graveyard == nil or graveyard.message == "resurrected")
assert(finalized <= 24 and #kept == 4)

local cache = setmetatable({}, { __mode = "v" })
local owners = setmetatable({}, { __mode = "k" })
for i = 1, 12 do
    local object = { i }
    cache[i] = object
    owners[object] = { back = object }
end
collectgarbage()
local alive = 0
for _ in pairs(cache) do
    alive = alive + 1
end
for _ in pairs(owners) do
    alive = alive + 1
end
print("kept", #kept, kept[1].name, kept[4].name, "weakly held", alive)

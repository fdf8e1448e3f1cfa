-- Metatables: a class with operators, inheritance, defaults, a read-only proxy, a call counter.
local Vector = {}
Vector.__index = Vector
local function vector(x, y)
    return setmetatable({ x = x, y = y }, Vector)
end
Vector.__add = function(a, b)
    return vector(a.x + b.x, a.y + b.y)
end
Vector.__mul = function(a, b)
    if type(a) == "number" then
        return vector(a * b.x, a * b.y)
    elseif type(b) == "number" then
        return b * a
    end
    return a.x * b.x + a.y * b.y
end
Vector.__unm = function(a)
    return -1 * a
end
Vector.__eq = function(a, b)
    return a.x == b.x and a.y == b.y
end
Vector.__lt = function(a, b)
    return a * a < b * b
end
Vector.__le = function(a, b)
    return a * a <= b * b
end
Vector.__len = function()
    return 2
end
Vector.__tostring = function(a)
    return "(" .. a.x .. ", " .. a.y .. ")"
end
Vector.__concat = function(a, b)
    return tostring(a) .. tostring(b)
end
Vector.__name = "Vector"

local sum = vector(0, 0)
for i = 1, 20 do
    sum = sum + 2 * vector(i, -i)
end
print(sum, -sum, #sum, sum == vector(420, -420), vector(1, 1) < vector(2, 0))
print(vector(1, 2) .. vector(3, 4), vector(3, 4) * vector(3, 4), vector(1, 0) <= vector(0, 1))

local Animal = {}
Animal.__index = Animal
function Animal.new(class, name)
    return setmetatable({ name = name }, class)
end
function Animal:speak()
    return self.name .. " says " .. self:sound()
end
function Animal:sound()
    return "nothing"
end
local Dog = setmetatable({}, { __index = Animal })
Dog.__index = Dog
function Dog:sound()
    return "woof"
end
for _, animal in ipairs({ Animal:new("cat"), Dog:new("rex"), Dog:new("odd") }) do
    print(animal:speak(), getmetatable(animal) == Dog, rawget(animal, "sound"))
end

local defaults = setmetatable({}, { __index = function(self, key)
    local value = key .. "!"
    rawset(self, key, value)
    return value
end })
print(defaults.a, defaults.b, rawlen({ 1, 2 }), rawequal(defaults, {}), rawget(defaults, "a"))

local writes = {}
local proxy = setmetatable({}, {
    __index = function(_, key)
        return "value of " .. key
    end,
    __newindex = function(_, key, value)
        writes[#writes + 1] = key .. "=" .. value
    end,
    __call = function(_, ...)
        return select("#", ...)
    end,
    __pairs = function()
        local i = 0
        return function()
            i = i + 1
            return i <= 3 and i or nil, i * i
        end
    end,
    __metatable = "locked",
})
for i = 1, 5 do
    proxy["k" .. i] = i
end
local squares = {}
for _, square in pairs(proxy) do
    squares[#squares + 1] = square
end
print(proxy.k1, table.concat(writes, ","), proxy(nil, nil, 3), getmetatable(proxy),
    table.concat(squares, "+"))

-- Closures: shared and private upvalues, memoizing, currying, composing, closures in loops.
local function counter(start)
    local value = start
    return function()
        value = value + 1
        return value
    end, function(reset)
        value = reset
    end
end
local tick, reset = counter(10)
tick()
tick()
reset(100)
print("counter", tick(), (counter(1))())

local function memoize(body)
    local known = {}
    return function(n)
        local value = known[n]
        if value == nil then
            value = body(n)
            known[n] = value
        end
        return value
    end
end
local fibonacci
fibonacci = memoize(function(n)
    return n < 2 and n or fibonacci(n - 1) + fibonacci(n - 2)
end)
print("fibonacci", fibonacci(60))

local function compose(...)
    local functions = { ... }
    return function(value)
        for i = #functions, 1, -1 do
            value = functions[i](value)
        end
        return value
    end
end
local function curry(body, arity)
    local function more(arguments)
        return function(value)
            local longer = table.move(arguments, 1, #arguments, 1, {})
            longer[#longer + 1] = value
            if #longer == arity then
                return body(table.unpack(longer))
            end
            return more(longer)
        end
    end
    return more({})
end
local add3 = curry(function(a, b, c)
    return a + b + c
end, 3)
print("curry", add3(1)(2)(3), compose(add3(1)(1), add3(10)(20))(5))

local getters, setters = {}, {}
for i = 1, 24 do
    local cell = i
    getters[i] = function()
        return cell
    end
    setters[i] = function(value)
        cell = value
    end
end
for i = 1, 24, 2 do
    setters[i](-i)
end
local sum = 0
for i = 1, 24 do
    sum = sum + getters[i]()
end
print("cells", sum, getters[1](), getters[2]())

local function stream(first, step)
    return { head = first, tail = function()
        return stream(step(first), step)
    end }
end
local powers = stream(1, function(n)
    return n * 3
end)
for _ = 1, 12 do
    powers = powers.tail()
end
print("stream", powers.head)

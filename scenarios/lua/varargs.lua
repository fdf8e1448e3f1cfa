-- Varargs: packing, nils inside, select, forwarding through tail calls, many results.
local function count(...)
    return select("#", ...)
end
local function sum(...)
    local total = 0
    for i = 1, select("#", ...) do
        total = total + (select(i, ...) or 0)
    end
    return total
end
print(count(), count(nil), count(nil, nil), sum(1, nil, 3), sum(table.unpack({ 1, 2, 3 }, 2)))

local function map(transform, ...)
    local results = table.pack(...)
    for i = 1, results.n do
        results[i] = transform(results[i])
    end
    return table.unpack(results, 1, results.n)
end
print(map(tostring, 1, nil, true, "x"))
print(map(function(x)
    return x * x
end, 1, 2, 3, 4, 5))

local function forward(depth, ...)
    if depth == 0 then
        return count(...), ...
    end
    return forward(depth - 1, depth, ...)
end
print(forward(10, "last"))

local function bind(body, ...)
    local bound = table.pack(...)
    return function(...)
        local all = table.move(bound, 1, bound.n, 1, {})
        local more = table.pack(...)
        table.move(more, 1, more.n, bound.n + 1, all)
        return body(table.unpack(all, 1, bound.n + more.n))
    end
end
print(bind(sum, 1, 2)(3, 4), bind(bind(count, nil), nil, nil)(nil))

local many = {}
for i = 1, 150 do
    many[i] = i
end
print(count(table.unpack(many)), sum(table.unpack(many)), math.max(table.unpack(many)))
print(string.char(table.unpack(many, 65, 90)), #table.pack(table.unpack(many, 1, 100)))
print((forward(3)), (select(-1, "a", "b", "c")), select(2, "a", "b", "c"))
local lines = {}
for i = 1, 20 do
    lines[i] = (function(...)
        return count(...) .. ":" .. (select(i, ...) or "-")
    end)(table.unpack(many, 100, 100 + i % 5))
end
print(table.concat(lines, " "))

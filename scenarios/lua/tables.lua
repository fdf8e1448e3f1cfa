-- Tables as arrays, maps, sets and matrices: growth of both parts, holes, moves, removal.
local function keys_of(map)
    local keys = {}
    for key in pairs(map) do
        keys[#keys + 1] = key
    end
    table.sort(keys)
    return keys
end

local squares = {}
for i = 1, 64 do
    squares[i] = i * i
end
for i = 60, 1, -4 do
    table.remove(squares, i)
end
table.insert(squares, 1, -1)
table.insert(squares, "end")
print("squares", #squares, squares[1], squares[10], squares[#squares])

local matrix = {}
for row = 1, 8 do
    matrix[row] = {}
    for column = 1, 8 do
        matrix[row][column] = row * column
    end
end
local transposed = {}
for row = 1, 8 do
    for column = 1, 8 do
        transposed[column] = transposed[column] or {}
        transposed[column][row] = matrix[row][column] + row
    end
end
print("matrix", matrix[3][7], transposed[7][3], transposed[8][8])

local stock = {}
for i = 1, 40 do
    stock["part-" .. i] = { count = i % 7, price = i * 1.5 }
end
for i = 1, 40, 3 do
    stock["part-" .. i] = nil
end
local total = 0
local names = keys_of(stock)
for _, name in ipairs(names) do
    total = total + stock[name].count * stock[name].price
end
print("stock", #names, names[1], names[#names], total)

local moved = table.move(squares, 5, 15, 3, {})
print("moved", #moved, moved[3], moved[13], next({}) == nil)

local mixed = { 10, 20, 30, [1.5] = "half", [-1] = "minus", [true] = "yes" }
mixed.nested = { deep = { er = 1 } }
mixed[2^53] = "large"
mixed[4.0] = 40
print("mixed", #mixed, mixed[1.5], mixed[-1], mixed[true], mixed[2^53], mixed.nested.deep.er)

local seen, unique = {}, {}
for _, word in ipairs({ "b", "a", "c", "a", "b", "d", "a" }) do
    if not seen[word] then
        seen[word] = true
        unique[#unique + 1] = word
    end
end
print("unique", table.concat(unique, " "), #keys_of(seen))

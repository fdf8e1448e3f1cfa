-- N queens: all solutions of small boards, as boards and as a list of columns.
local function solve(size, visit)
    local columns = {}
    local used, rising, falling = {}, {}, {}
    local function place(row)
        if row > size then
            visit(columns)
            return
        end
        for column = 1, size do
            local up, down = row + column, row - column
            if not (used[column] or rising[up] or falling[down]) then
                used[column], rising[up], falling[down] = true, true, true
                columns[row] = column
                place(row + 1)
                used[column], rising[up], falling[down] = nil, nil, nil
            end
        end
    end
    place(1)
end

local function draw(columns)
    local lines = {}
    for row, column in ipairs(columns) do
        lines[row] = ("."):rep(column - 1) .. "Q" .. ("."):rep(#columns - column)
    end
    return table.concat(lines, "\n")
end

for size = 4, 6 do
    local solutions = {}
    solve(size, function(columns)
        solutions[#solutions + 1] = table.concat(columns)
    end)
    print(size, #solutions, solutions[1], solutions[#solutions])
end
local first
solve(7, function(columns)
    first = first or draw(columns)
end)
print(first)

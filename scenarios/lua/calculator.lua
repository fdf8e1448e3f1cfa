-- A tokenizer and a recursive-descent evaluator of arithmetic with variables and functions.
local function tokenize(text)
    local tokens, position = {}, 1
    while true do
        position = text:find("%S", position)
        if not position then
            return tokens
        end
        local matched
        for _, kind in ipairs({
            { "number", "^%d+%.?%d*" }, { "name", "^%a%w*" }, { "symbol", "^[-+*/^(),=]" },
        }) do
            local from, to = text:find(kind[2], position)
            if from then
                tokens[#tokens + 1] = { kind = kind[1], text = text:sub(from, to), position = from }
                position = to + 1
                matched = true
                break
            end
        end
        if not matched then
            error({ "unexpected character", position }, 0)
        end
    end
end

local function evaluate(text, variables)
    local tokens, index = tokenize(text), 1
    local sum
    local function accept(symbol)
        local token = tokens[index]
        if token and token.kind == "symbol" and token.text == symbol then
            index = index + 1
            return true
        end
    end
    local function expect(symbol)
        if not accept(symbol) then
            local token = tokens[index]
            error({ "expected " .. symbol, token and token.position or #text + 1 }, 0)
        end
    end
    local function atom()
        local token = tokens[index]
        if accept("(") then
            local value = sum()
            expect(")")
            return value
        elseif accept("-") then
            return -atom()
        elseif not token or token.kind == "symbol" then
            error({ "expected a value", token and token.position or #text + 1 }, 0)
        end
        index = index + 1
        if token.kind == "number" then
            return tonumber(token.text)
        elseif accept("(") then
            local arguments = {}
            repeat
                arguments[#arguments + 1] = sum()
            until not accept(",")
            expect(")")
            return math[token.text](table.unpack(arguments))
        end
        return variables[token.text] or error({ "unknown name " .. token.text, token.position }, 0)
    end
    local function power()
        local base = atom()
        return accept("^") and base ^ power() or base
    end
    local function product()
        local value = power()
        while true do
            if accept("*") then
                value = value * power()
            elseif accept("/") then
                value = value / power()
            else
                return value
            end
        end
    end
    function sum()
        local value = product()
        while true do
            if accept("+") then
                value = value + product()
            elseif accept("-") then
                value = value - product()
            else
                return value
            end
        end
    end
    local value = sum()
    if tokens[index] then
        error({ "unexpected " .. tokens[index].text, tokens[index].position }, 0)
    end
    return value
end

local variables = { x = 3, y = 4 }
for _, text in ipairs({ "(x^2 + y) * 3", "max(1, x) * -y", "2 + ", "7 $ 2", "z" }) do
    local ok, value = pcall(evaluate, text, variables)
    if ok then
        print(text, "=", value)
    elseif type(value) == "table" then
        print(text, value[1] .. " at " .. value[2])
    else
        error(value, 0)
    end
end

-- A JSON encoder and decoder, and a round trip through both.
local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n", ["\t"] = "\\t" }
local encode
local encoders = {
    ["nil"] = function()
        return "null"
    end,
    boolean = tostring,
    number = function(value)
        return math.type(value) == "integer" and tostring(value) or ("%.14g"):format(value)
    end,
    string = function(value)
        return '"' .. value:gsub('["\\\n\t]', escapes) .. '"'
    end,
    table = function(value)
        local parts = {}
        if #value > 0 or next(value) == nil then
            for i, element in ipairs(value) do
                parts[i] = encode(element)
            end
            return "[" .. table.concat(parts, ",") .. "]"
        end
        local keys = {}
        for key in pairs(value) do
            keys[#keys + 1] = key
        end
        table.sort(keys)
        for i, key in ipairs(keys) do
            parts[i] = encode(key) .. ":" .. encode(value[key])
        end
        return "{" .. table.concat(parts, ",") .. "}"
    end,
}
function encode(value)
    return encoders[type(value)](value)
end

local function decode(text)
    local position = 1
    local value
    local function fail(what)
        error({ what = what, position = position }, 0)
    end
    local function skip()
        position = text:find("%S", position) or #text + 1
    end
    local function take(pattern)
        skip()
        local from, to, capture = text:find("^" .. pattern, position)
        if from then
            position = to + 1
            return capture or text:sub(from, to)
        end
    end
    local function quoted()
        local parts = {}
        while not take('"') do
            local plain = text:match('^[^"\\]+', position)
            if plain then
                parts[#parts + 1] = plain
                position = position + #plain
            elseif text:sub(position, position) == "\\" then
                local letter = text:sub(position + 1, position + 1)
                parts[#parts + 1] = ({ n = "\n", t = "\t" })[letter] or letter
                position = position + 2
            else
                fail("unfinished string")
            end
        end
        return table.concat(parts)
    end
    function value()
        if take("{") then
            local object = {}
            if not take("}") then
                repeat
                    local key = take('"') and quoted() or fail("key expected")
                    if not take(":") then
                        fail("colon expected")
                    end
                    object[key] = value()
                until not take(",")
                if not take("}") then
                    fail("'}' expected")
                end
            end
            return object
        elseif take("%[") then
            local array = {}
            if not take("%]") then
                repeat
                    array[#array + 1] = value()
                until not take(",")
                if not take("%]") then
                    fail("']' expected")
                end
            end
            return array
        elseif take('"') then
            return quoted()
        end
        local word = take("[%w+.-]+") or fail("value expected")
        if word == "true" or word == "false" then
            return word == "true"
        end
        return tonumber(word) or word == "null" and "null" or fail("unknown word " .. word)
    end
    local result = value()
    skip()
    if position <= #text then
        fail("text after the value")
    end
    return result
end

local document = [[ {"name": "dearth", "tags": ["a", "b\n"],
    "nested": {"x": 1.5, "y": [true, false]}} ]]
local decoded = decode(document)
local encoded = encode(decoded)
print(encoded)
print(encode(decode(encoded)) == encoded, decoded.nested.x, #decoded.tags, decoded.tags[2] == "b\n")
for _, broken in ipairs({ "[1, 2", '{"a" 1}' }) do
    local ok, problem = pcall(decode, broken)
    if type(problem) ~= "table" then
        error(problem, 0)
    end
    print(ok, problem.what, problem.position)
end

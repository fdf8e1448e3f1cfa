-- Strings and patterns: captures, balanced matches, frontiers, replacement, packing.
local text = [[
server: host=alpha.example port=8080 (weight=3)
server: host=beta.example port=8081 (weight=5)
# comment line
server: host=gamma.example port=9090 (weight=(2))
]]

local servers = {}
for line in text:gmatch("[^\n]+") do
    local host, port = line:match("host=([%w.]+)%s+port=(%d+)")
    if host then
        servers[#servers + 1] = { host = host, port = tonumber(port), note = line:match("%b()") }
    end
end
for _, server in ipairs(servers) do
    print(server.host:upper(), server.port, server.note, server.host:find(".", 1, true))
end

print(("the quick brown fox"):gsub("%w+", function(word)
    return word:sub(1, 1):upper() .. word:sub(2)
end))
print(("$name is $age"):gsub("%$(%w+)", { name = "Ada", age = 36 }))
print(("THE (quick) fox"):find("%f[%a]%a+%f[%A]"), ("  trim me  "):match("^%s*(.-)%s*$"))
print(("key = value"):match("^(%w+)%s*=%s*(%w+)$"))
print(("abc"):rep(4, "-"), ("stressed"):reverse(), ("x"):byte(), string.char(76, 117, 97))

local csv, fields = 'one,"two, three",,four', {}
for field in (csv .. ","):gmatch('([^,"]*)"?,') do
    fields[#fields + 1] = "<" .. field .. ">"
end
print(table.concat(fields))

local packed = string.pack("<i4 z s2 d", 1234, "zero", "sized", 0.5)
local number, zero, sized, double, rest = string.unpack("<i4 z s2 d", packed)
print(#packed, number, zero, sized, double, rest)

local parts = {}
for i = 1, 40 do
    parts[i] = ("%02d:%s"):format(i, ("ab"):rep(i % 5))
end
local joined = table.concat(parts, ";")
print(#joined, joined:sub(-12), select(2, joined:gsub("ab", "")), joined:find("07:", 1, true))
print(("longer than forty bytes, so never interned "):rep(3):len(), ("a,b"):len() == #"a,b")

-- string.format and conversions between numbers and text.
local rows = {
    { "integer", 42, -7 }, { "float", 3.140625, -0.5 },
    { "large", 2 ^ 53, -1e15 }, { "small", 1e-5, 6.25e-2 },
}
for _, row in ipairs(rows) do
    print(("%-10s|%8.3f|%+.2e|%g|%g"):format(row[1], row[2], row[3], row[2], row[3]))
end
for i = 0, 15 do
    print(("%2d %04x %#o %X %5d%% %c"):format(i, i * 4097, i * 8, i + 240, i * 7, 65 + i))
end
print(("%q %q %q"):format('quote " and \\ and \n line', 1 / 3, math.mininteger))
print(("%s %s %s %10.3s|"):format(nil, true, 12.0, "abcdef"))
print(("%a %i %u"):format(1.0, 12, 34))
print(("%5s|%-5s|%05d|% d|%.0f"):format("ab", "ab", 42, 42, 2.5))
print(tostring(1e100), tostring(-0.0), 10 // 3, 10.0 / 2, 7 // 2.0, 2 ^ 31, 1e15, 123456789012345)
print(tonumber("0x1p4"), tonumber("  12  "), tonumber("1e1"),
    tonumber("z", 36), tonumber("8", 8), tonumber(""))
print(math.tointeger("8"), math.tointeger(3.0), math.type(1), math.type(1.0), math.type("1"))
print(("%s"):rep(20, "-"):format(table.unpack({
    1, 2.5, "x", true, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
})))
local wide = {}
for i = 1, 30 do
    wide[i] = ("%" .. i .. "d"):format(i)
end
print(#table.concat(wide), wide[30])
print(("%99.99f"):format(1 / 3):sub(1, 20), #("%-50s|"):format("padded"))
print(("%s"):format(setmetatable({}, { __tostring = function()
    return "an object"
end })))

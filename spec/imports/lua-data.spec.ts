import { entriesOf, readLuaData } from '../../lib/imports/lua-data'

const read = (text: string): unknown => {
  const told = readLuaData(text)
  if ('wrong' in told) return told
  const entries = entriesOf(told.value)
  return entries === undefined ? told.value : Object.fromEntries(entries)
}

describe('lib/imports/lua-data', () => {
  it('reads tables of texts, numbers and booleans as Prosody writes them', () => {
    const text =
      'return {\n\t["node"] = "E0FF\\195\\188\\"\\n\\\\";\n\t["n"] = -1.5e3;\n\t["hex"] = 0x1F;\n\t["yes"] = true;\n\t["no"] = false;\n\t["none"] = nil;\n};\n'
    expect(read(text)).toEqual({ node: 'E0FFü"\n\\', n: -1500, hex: 31, yes: true, no: false, none: undefined })
  })

  it('reads lists and the other ways to write a text', () => {
    expect(read("return { 'a', [[long\n]], name = 'x\\x41\\z\n  y', [7] = \"z\" }")).toEqual({
      ...{ 1: 'a', 2: 'long\n', name: 'xAy', 7: 'z' },
    })
  })

  it.each([
    ['what is no data', 'print("x")', 'it does not begin with "return"'],
    ['a call', 'return { ["a"] = os.exit() }', 'at character'],
    ['a concatenation', 'return { ["a"] = "b" .. "c" }', 'at character'],
    ['a file that was cut short', 'return {\n\t["a"] = "b', 'at character'],
    ['something after the data', 'return {} os.exit()', 'something follows the data'],
    ['a depth that nobody needs', `return ${'{'.repeat(100)}`, 'more than 50 deep'],
  ])('evaluates nothing and refuses %s', (_name, text, why) => {
    expect(read(text)).toEqual({ wrong: expect.stringContaining(why) as unknown })
  })
})

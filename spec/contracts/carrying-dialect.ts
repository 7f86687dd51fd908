/**
 * What every dialect of clients that register nothing owes them: it finds the device in a publish of theirs, and nothing in anybody
 * else's, whatever stands there. A dialect's spec calls this once; what comes of it is told in its story.
 */
import fc from 'fast-check'
import { type Brought, type Dialect, type PublishFields } from '../../lib/dialects/dialect'

export interface CarryingUnderTest {
  readonly dialect: Dialect
  /** A publish of its clients. */
  readonly publish: { readonly node?: string; readonly options: Readonly<Record<string, string>> }
  readonly brings: Brought
  /** Options without which it is none of theirs. */
  readonly required: readonly string[]
}

export function carryingContract({ dialect, publish, brings, required }: CarryingUnderTest): void {
  const fieldsOf = (options: Readonly<Record<string, string>>, node = publish.node): PublishFields => ({
    ...(node === undefined ? {} : { node }),
    options: new Map(Object.entries(options).map(([name, value]) => [name, [value]])),
  })
  const read = (fields: PublishFields): Brought | undefined => dialect.brings?.(fields, () => false)

  it('finds app and device in a publish of its clients', () => {
    expect(read(fieldsOf(publish.options))).toEqual(brings)
  })

  it('finds the same where more stands beside', () => {
    const more = { ...publish.options, FORM_TYPE: 'http://jabber.org/protocol/pubsub#publish-options', 'x-other': '1' }
    expect(read(fieldsOf(more))).toEqual(brings)
  })

  it.each(required.map((name) => [name]))('finds nothing where %s is missing', (name) => {
    const { [name]: _, ...rest } = publish.options
    expect(read(fieldsOf(rest))).toBeUndefined()
  })

  it('finds nothing in a publish without options', () => {
    expect(read({ node: 'n1', options: new Map() })).toBeUndefined()
  })

  it('takes anything for a value without breaking, and never names a device that nobody wrote', () => {
    const names = fc.constantFrom(...Object.keys(publish.options), 'mode', 'topic', 'time_to_live', 'silent')
    const options = fc.array(fc.tuple(names, fc.array(fc.string({ unit: 'binary' }), { maxLength: 3 })), {
      maxLength: 8,
    })
    fc.assert(
      fc.property(options, fc.string(), (entries, node) => {
        const found = read({ node, options: new Map(entries.filter(([, values]) => values.length > 0)) })
        const said = [node, ...entries.flatMap(([, values]) => values)].join('\n')
        return found === undefined || said.includes(found.address.replace(/^sealed /, '').slice(0, 1))
      }),
      { seed: 20261121, numRuns: 500 },
    )
  })

  it('offers no command and no feature, for its clients look for none', () => {
    expect([dialect.commands, dialect.features([])]).toEqual([[], []])
  })
}

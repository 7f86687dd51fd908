import { makeObserve, type Event, type LogFormat } from '../../lib/observe'

type Level = Parameters<typeof makeObserve>[0]['level']

function linesOf(format: LogFormat | undefined, level: Level = 'info'): readonly string[] {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const observe = makeObserve({ level, destination, ...(format === undefined ? {} : { format }) })
  observe({ at: 'answered', answer: 'result', why: 'message kept', publisher: 'example.com' })
  observe({ at: 'reloaded', apps: ['org.example.ios'], gone: [] })
  observe({ at: 'notice', about: 'store', text: 'two\nlines, \u001b[31mred\u2028and\u0085more' })
  observe({ at: 'trouble', about: 'store', text: 'broken' })
  return lines
}

describe('lib/observe', () => {
  it('writes JSON where nothing is said, every member of the event with it', () => {
    const lines = linesOf(undefined).map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
    expect(lines.map(({ at, level }) => [at, level])).toEqual([
      ['reloaded', 30],
      ['notice', 40],
      ['trouble', 50],
    ])
    expect(lines[0]).toMatchObject({ apps: ['org.example.ios'], msg: 'credentials reloaded for org.example.ios' })
  })

  it.each([
    ['a device', { registration: 'r-1', owner: 'romeo@example.com' }, 'd-1'],
    ['nobody’s device', {}, 'd-1'],
    ['a name that needs escapes', { registration: 'r-1', owner: 'a\u001f"\\\u2028\ud800❤é@example.com' }, 'd-1'],
    ['a device, under an id that needs escapes,', { registration: 'r-1', owner: 'romeo@example.com' }, 'd"\\\n1'],
  ] as const)('writes a delivery to %s as JSON has it, member by member in their order', (_, whose, delivery) => {
    const event: Event = {
      at: 'settled',
      delivery,
      app: 'org.example."ios"',
      class: 'message',
      attempt: 2,
      age: 31,
      resent: false,
      ...whose,
      outcome: { is: 'delivered' },
      end: 'delivered',
    }
    const lines: string[] = []
    makeObserve({ level: 'info', destination: { write: (line) => void lines.push(line) } })(event)
    const told = JSON.stringify(event).slice(1, -1)
    expect(lines[0]?.replace(/"time":"[^"]+",/, '')).toBe(
      `{"level":30,${told},"msg":${JSON.stringify(`delivery ${delivery} delivered`)}}\n`,
    )
  })

  it('writes when it was, to the millisecond', () => {
    const before = Date.now()
    const [line = ''] = linesOf(undefined)
    const { time } = JSON.parse(line) as { readonly time: string }
    expect(new Date(time).toISOString()).toBe(time)
    expect(Date.parse(time)).toBeGreaterThanOrEqual(before)
    expect(Date.parse(time)).toBeLessThanOrEqual(Date.now())
  })

  it('writes the time, the level and a sentence for people', () => {
    const lines = linesOf('text')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toMatch(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO  credentials reloaded for org\.example\.ios\n$/,
    )
    expect(lines[2]).toMatch(/Z ERROR store: broken\n$/)
  })

  it('writes the priority for journalctl, which knows the time', () => {
    expect(linesOf('journal')).toEqual([
      '<6>credentials reloaded for org.example.ios\n',
      '<4>store: two lines,  [31mred and more\n',
      '<3>store: broken\n',
    ])
  })

  it.each(['text', 'journal'] as const)('lets no text of a stranger end a line of %s or move the cursor', (format) => {
    for (const line of linesOf(format)) expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028]/)
  })

  it.each(['json', 'text', 'journal'] as const)('writes of %s only what is important enough', (format) => {
    expect(['debug', 'warn', 'error'].map((level) => linesOf(format, level as Level).length)).toEqual([4, 2, 1])
  })
})

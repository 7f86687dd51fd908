/** What docs/operating.md says of `--json`, beside what the commands print. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { answers } from '../../lib/sim/apns-answers'
import { callAt } from '../support/call'
import { type House, IOS, startHouse } from '../support/house'
import { publishTo, registerDevice } from '../support/one-device'

const page = readFileSync(join(__dirname, '..', '..', 'docs', 'operating.md'), 'utf8')
const section = page.slice(page.indexOf('\n## What `--json` prints\n') + 1).split('\n## ')[0] ?? ''

interface Row {
  readonly calls: readonly string[]
  readonly always: readonly string[]
  readonly sometimes: readonly string[]
}

/** Of the object itself; what stands in parentheses and after the semicolon is of its parts. */
const rows: readonly Row[] = [...section.matchAll(/^\| (`.*?) \| (.*) \|$/gm)].map(([, calls = '', keys = '']) => {
  const own = keys.replace(/;.*$/, '').replace(/ \(.*?\)/g, '')
  const sometimes = [...own.matchAll(/\[`(\w+)`\]/g)].map(([, key = '']) => key)
  const all = [...own.matchAll(/`(\w+)`/g)].map(([, key = '']) => key)
  return {
    calls: [...calls.matchAll(/`(.*?)`/g)].map(([, call = '']) => call),
    always: all.filter((key) => !sometimes.includes(key)),
    sometimes,
  }
})

describe('docs/operating.md, what `--json` prints', () => {
  let house: House
  let node: string

  beforeAll(async () => {
    house = await startHouse({ settings: { fuse: { tokens: 1, atLeast: 0, share: 1 } } })
    for (const end of ['a1b2', 'b2c3', 'c3d4']) {
      const token = end.padStart(64, 'c')
      house.apns.addDevice({ token, topic: IOS })
      node = await registerDevice(house, `${end}@example.com`, IOS, token)
      if (end === 'c3d4') break
      house.apns.script({ answer: answers.refuse('Unregistered', { timestamp: house.clock.now() + 1 }), times: 1 })
      await publishTo(house, node)
      await house.rest()
    }
  })
  afterAll(() => house.close())

  /** The words of a call in the order in which they can follow each other here. */
  const words: Readonly<Record<string, () => readonly string[]>> = {
    status: () => ['status'],
    apps: () => ['apps'],
    check: () => ['check'],
    explain: () => ['explain', node],
    'devices list': () => ['devices', 'list', '--limit', '1'],
    'devices show': () => ['devices', 'show', node],
    'outbox list': () => ['outbox', 'list'],
    'outbox retry': () => ['outbox', 'retry', '--app', IOS],
    'outbox drop': () => ['outbox', 'drop', '--app', IOS],
    'devices test': () => ['devices', 'test', node],
    send: () => ['send', node],
    'send --preview': () => ['send', '--preview', node],
    'fuse reset': () => ['fuse', 'reset', IOS],
    'devices erase': () => ['devices', 'erase', '--owner', 'c3d4@example.com'],
    'devices remove': () => ['devices', 'remove', node],
    backup: () => ['backup', '--to', join(house.folder, 'copy.db')],
    restore: () => ['restore', '--from', join(house.folder, 'copy.db')],
  }

  it('is told of each of these calls once', () => {
    expect(rows.flatMap(({ calls }) => calls).sort()).toEqual(Object.keys(words).sort())
  })

  it('has the keys that are told, and no other', async () => {
    for (const { calls, always, sometimes } of rows) {
      for (const call of calls) {
        if (call === 'restore') await house.service().stop('its store is replaced')
        const { code, out, err } = await callAt(
          house.clock,
          ...(words[call]?.() ?? []),
          ...['--json', '--config', join(house.folder, 'component.config.json')],
        )
        // The device is erased by the row before `devices remove` could find it.
        if (call === 'devices erase')
          node = await registerDevice(house, 'd4e5@example.com', IOS, 'd4e5'.padStart(64, 'c'))
        expect({ call, code, err }).toEqual({ call, code: 0, err: '' })
        const keys = Object.keys(JSON.parse(out) as object)
        expect({ call, missing: always.filter((key) => !keys.includes(key)) }).toEqual({ call, missing: [] })
        const odd = keys.filter((key) => !always.includes(key) && !sometimes.includes(key))
        expect({ call, odd }).toEqual({ call, odd: [] })
      }
    }
  })
})

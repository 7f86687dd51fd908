/** Sentences of a story about what an operator does to the configuration, and what happens to the machine. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { callAt } from './call'
import { type House } from './house'

type Act = (house: House, words: readonly string[], detail: string) => Promise<void> | void

interface File {
  readonly apps: Readonly<Record<string, object>>
}

/** Writes the apps anew and has the running service read them. */
async function changeApps(house: House, change: (apps: File['apps']) => File['apps']): Promise<void> {
  const path = join(house.folder, 'component.config.json')
  const file = JSON.parse(readFileSync(path, 'utf8')) as File
  writeFileSync(path, JSON.stringify({ ...file, apps: change(file.apps) }))
  await house.service().reload(house.config())
}

/** The first line holds the words of a call, the others what it prints, in this order and with anything around. */
async function asks(house: House, detail: string): Promise<void> {
  const [call = '', ...wanted] = detail.split('\n')
  await house.rest()
  const file = join(house.folder, 'component.config.json')
  const { out, err } = await callAt(house.clock, ...call.split(' '), '--config', file)
  let from = 0
  for (const line of wanted) {
    const at = out.indexOf(line, from)
    if (at < 0) throw new Error(`"${line}" is not told, or not in this order:\n${out}${err}`)
    from = at + line.length
  }
}

export const operatorSentences: readonly (readonly [RegExp, Act])[] = [
  [
    /^the operator changes (\S+)$/,
    (house, [app = ''], detail) =>
      changeApps(house, (apps) => ({ ...apps, [app]: { ...apps[app], ...(JSON.parse(detail) as object) } })),
  ],
  [
    /^the operator adds (\S+) like (\S+)(?:, with)?$/,
    (house, [app = '', like = ''], detail) =>
      changeApps(house, (apps) => ({ ...apps, [app]: { ...apps[like], ...(JSON.parse(detail || '{}') as object) } })),
  ],
  [
    /^the operator removes (\S+)$/,
    (house, [app = '']) =>
      changeApps(house, (apps) => Object.fromEntries(Object.entries(apps).filter(([name]) => name !== app))),
  ],
  [/^the operator calls$/, (house, _words, detail) => asks(house, detail)],
  [/^the store fails$/, (house) => house.failStore(true)],
  [/^the store works again$/, (house) => house.failStore(false)],
]

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeAuthority, makeProviderKey } from '../../lib/sim/certificates'
import { exposed } from '../../lib/commands/check-modes'
import { call } from '../support/call'
import { makeFolder } from '../support/folder'

interface Told {
  readonly file: string
  readonly faults: { readonly configuration: number; readonly live: number }
  readonly warnings: number
  readonly findings: readonly {
    readonly is: string
    readonly of: string
    readonly about: string
    readonly text: string
  }[]
}

/** A port of this machine where nobody listens. */
const NOWHERE = 'xmpp://127.0.0.1:1'

describe('xmpp-push check --json', () => {
  const folder = makeFolder()
  const component = { domain: 'push.example.com', service: NOWHERE, secret: 'hush-hush-hush' }
  const good = {
    component,
    store: { kind: 'sqlite', file: 'push.db' },
    apps: { 'org.example.web': { provider: 'webpush', profile: 'webpush' } },
  }
  let files = 0
  async function check(
    content: object,
    ...words: readonly string[]
  ): Promise<{ code: number; told: Told; out: string }> {
    const file = folder.write(`config-${++files}.json`, content)
    const { code, out, err } = await call('check', '--config', file, '--json', ...words)
    expect(err).toBe('')
    return { code, told: JSON.parse(out) as Told, out }
  }

  it('tells file, counts and findings, and ends with 0 where nothing is wrong', async () => {
    const { code, told, out } = await check(good)
    expect(code).toBe(0)
    expect(told).toMatchObject({ faults: { configuration: 0, live: 0 }, warnings: 0 })
    expect(told.findings).toContainEqual({ is: 'fact', of: 'configuration', about: 'store', text: 'sqlite' })
    expect(told.findings.some(({ about }) => about === 'apps.org.example.web')).toBe(true)
    expect(out).not.toContain('hush-hush')
  })

  it('ends with 1 at a fault, with path and mend', async () => {
    const { code, told } = await check({ ...good, colour: 1 })
    expect(code).toBe(1)
    expect(told.faults).toEqual({ configuration: 1, live: 0 })
    expect(told.findings).toContainEqual({
      ...{ is: 'fault', of: 'configuration', about: 'colour', text: 'unknown key' },
      mend: expect.stringMatching(/^Remove it/) as string,
    })
  })

  it('counts what the network is at fault for apart from the configuration, in both forms', async () => {
    const { code, told } = await check(good, '--live')
    expect(code).toBe(1)
    expect(told.faults).toEqual({ configuration: 0, live: 1 })
    expect(told.findings.filter(({ is }) => is === 'fault')).toMatchObject([
      { of: 'live', about: `push.example.com at ${NOWHERE}` },
    ])
    const { out } = await call('check', '--live', '--config', told.file)
    expect(out).toMatch(/\.json: no faults in the configuration, 1 fault found live(, \d warnings?)?\n$/)
  })
})

describe('lib/commands/check-modes', () => {
  let place = ''
  const put = (name: string, text: string, mode: number): string => {
    const file = join(place, name)
    writeFileSync(file, text)
    chmodSync(file, mode)
    return file
  }
  beforeEach(() => {
    place = mkdtempSync(join(tmpdir(), 'xmpp-push-modes-'))
    chmodSync(place, 0o755)
  })
  afterEach(() => rmSync(place, { recursive: true, force: true }))

  it('names a secret that everybody may read, with the cure', () => {
    const file = put('account.json', '{}', 0o644)
    expect(exposed([file])).toEqual([
      {
        file,
        text: `every user of this machine may read ${file} (mode 0644)`,
        mend: expect.stringContaining(`chmod 600 ${file}`) as string,
      },
    ])
  })

  it('names no file that is its owner’s or its group’s alone, none that is public, and none that is gone', () => {
    const [own, group] = [put('own', 'x', 0o600), put('group', 'x', 0o640)]
    const authority = put('ca.pem', makeAuthority().caPem, 0o644)
    expect(exposed([own, group, authority, join(place, 'gone')])).toEqual([])
  })

  it('names a certificate that has its key beside it in the same file', () => {
    const file = put('both.pem', `${makeAuthority().caPem}\n${makeProviderKey().privatePem}`, 0o644)
    expect(exposed([file])).toHaveLength(1)
  })

  it('names no file in a folder that others may not enter', () => {
    mkdirSync(join(place, 'own'), { mode: 0o700 })
    expect(exposed([put('own/key.p8', 'x', 0o644)])).toEqual([])
  })

  it('is what `check` warns of', async () => {
    put('secret', 'hush-hush-hush', 0o644)
    const file = put(
      'component.config.json',
      JSON.stringify({
        component: { domain: 'push.example.com', service: NOWHERE, secret: { file: 'secret' } },
        store: { kind: 'sqlite', file: 'push.db' },
        apps: { 'org.example.web': { provider: 'webpush', profile: 'webpush' } },
      }),
      0o600,
    )
    const { code, out } = await call('check', '--config', file)
    expect(code).toBe(0)
    expect(out).toMatch(
      /^warning +every user of this machine may read \S+\/secret \(mode 0644\)\n +→ chmod 600 \S+\/secret/m,
    )
    expect(out).toMatch(/: no faults, 1 warning\n$/)
  })
})

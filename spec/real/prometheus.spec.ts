/** A real Prometheus scrapes the service, evaluates the alert rules, and is asked everything that the dashboard asks. */
import { execFileSync } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answers } from '../../lib/sim/apns-answers'
import { programPath, realDescribe } from '../support/available'
import { alertsFile, dashboardExpressions } from '../support/grafana'
import { IOS } from '../support/house'
import { matchedApps, startHttpHouse, type HttpHouse } from '../support/http-house'
import { openWorkshop, type Workshop } from '../support/real-http2'

const TOKEN = 'prometheus may ask'.replaceAll(' ', '-')
const alert = { service: 'apns', mode: 'prod', topic: IOS, alert: { title: 't', body: 'b' } }
const device = 'a'.repeat(64)

interface Answer {
  readonly status: string
  readonly error?: string
  readonly data: { readonly result: readonly unknown[] }
}

realDescribe('prometheus', 'Prometheus', () => {
  let place: HttpHouse
  let workshop: Workshop
  let base = ''

  const bearer = { authorization: `Bearer ${TOKEN}` }
  async function ask<T>(path: string): Promise<T> {
    return (await (await fetch(`${base}${path}`)).json()) as T
  }
  const query = (expression: string): Promise<Answer> => ask(`/api/v1/query?query=${encodeURIComponent(expression)}`)

  async function push(): Promise<void> {
    await place.ask('POST', `/v3/notification/${device}`, alert, bearer)
    place.house.apns.script({ answer: answers.refuse('PayloadTooLarge'), times: 1 })
    await place.ask('POST', `/v3/notification/${device}`, alert, bearer)
  }

  beforeAll(async () => {
    place = await startHttpHouse(['mongoosepush', 'metrics'], {
      apps: matchedApps('mongoosepush'),
      listener: { auth: { tokens: { prometheus: TOKEN } } },
    })
    place.house.apns.addDevice({ token: device, topic: IOS })
    await push()
    workshop = openWorkshop()
    const port = await workshop.freePort()
    base = `http://127.0.0.1:${port}`
    writeFileSync(join(workshop.folder, 'token'), TOKEN)
    chmodSync(workshop.folder, 0o755)
    writeFileSync(
      join(workshop.folder, 'prometheus.yml'),
      `global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ['${alertsFile}']
scrape_configs:
  - job_name: xmpp-push
    authorization: { credentials_file: token }
    static_configs: [{ targets: ['${new URL(place.url).host}'] }]
`,
    )
    const { said } = workshop.start(programPath('prometheus') ?? 'prometheus', [
      ...['--config.file=prometheus.yml', '--storage.tsdb.path=data', `--web.listen-address=127.0.0.1:${port}`],
    ])
    await workshop.until(() => said().includes('Server is ready to receive web requests'))
    // Rates need two scrapes, of which the second must have seen more.
    const scraped = async (times: number): Promise<boolean> => {
      const { data } = await query('count_over_time(up{job="xmpp-push"}[1m])')
      return (
        Number((data.result[0] as { readonly value?: readonly [number, string] } | undefined)?.value?.[1] ?? 0) >= times
      )
    }
    await workshop.until(() => scraped(2))
    await push()
    await workshop.until(() => scraped(4))
  }, 60_000)

  afterAll(async () => {
    await workshop.close()
    await place.close()
  })

  it('finds nothing to complain of in the text', async () => {
    const { text } = await place.ask('GET', '/metrics', undefined, bearer)
    const promtool = programPath('promtool') ?? 'promtool'
    expect(execFileSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8' })).toBe('')
    expect(() =>
      execFileSync(promtool, ['check', 'metrics'], { input: '# TYPE a_total gauge\na_total 1\n', stdio: 'pipe' }),
    ).toThrow()
  })

  it('scrapes us, with our token', async () => {
    expect((await query('up{job="xmpp-push"} == 1')).data.result).toHaveLength(1)
    expect((await place.ask('GET', '/metrics')).status).toBe(401)
  })

  it('answers every expression of the dashboard, and none with nothing', async () => {
    const silent: string[] = []
    for (const expression of dashboardExpressions()) {
      const { status, error, data } = await query(expression)
      if (status !== 'success') silent.push(`${expression}: ${error ?? status}`)
      // None of the apps here has a credential that expires.
      else if (data.result.length === 0 && !expression.includes('expiry')) silent.push(expression)
    }
    expect(silent).toEqual([])
  }, 60_000)

  it('evaluates every alert rule, and none of them fires while all is well', async () => {
    type Rules = { readonly data: { readonly groups: readonly { readonly rules: readonly Rule[] }[] } }
    type Rule = { readonly name: string; readonly health: string; readonly state: string; readonly lastError?: string }
    const all = async (): Promise<readonly Rule[]> =>
      (await ask<Rules>('/api/v1/rules')).data.groups.flatMap(({ rules }) => rules)
    await workshop.until(async () => (await all()).every(({ health }) => health !== 'unknown'))
    const rules = await all()
    expect(rules.length).toBeGreaterThan(10)
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([])
    expect(rules.filter(({ state }) => state === 'firing')).toEqual([])
  })

  it('sees that an app is held', async () => {
    place.house.apns.script({ answer: answers.refuse('TopicDisallowed'), times: 1 })
    await place.ask('POST', `/v3/notification/${device}`, alert, bearer)
    const held = async (): Promise<boolean> => (await query('xmpp_push_app_held == 1')).data.result.length === 1
    await workshop.until(held)
    await workshop.until(
      async () => (await query('ALERTS{alertname="XmppPushAppHeld",app="chat.ios"}')).data.result.length === 1,
    )
  })
})

/** What is told of the running service over HTTP: `/health`, `/ready`, `/metrics` and `/openapi.json`, asked as their readers ask. */
import { answers } from '../lib/sim/apns-answers'
import { IOS } from './support/house'
import { matchedApps, startHttpHouse, type HttpHouse } from './support/http-house'

const [device = '', gone = '', another = ''] = ['a', 'b', 'c'].map((each) => each.repeat(64))
const alert = { service: 'apns', mode: 'prod', topic: IOS, alert: { title: 't', body: 'b' } }
let place: HttpHouse

beforeAll(async () => {
  place = await startHttpHouse(['mongoosepush', 'health', 'metrics', 'openapi'], { apps: matchedApps('mongoosepush') })
  for (const token of [device, gone, another]) place.house.apns.addDevice({ token, topic: IOS })
})
afterAll(() => place.close())

interface Ready {
  readonly status: string
  readonly apps: readonly { readonly app: string; readonly isReady: boolean; readonly why?: string }[]
  readonly [part: string]: unknown
}

const ready = async (): Promise<{ readonly status: number; readonly told: Ready }> => {
  const { status, text } = await place.ask('GET', '/ready')
  return { status, told: JSON.parse(text) as Ready }
}

/** The value of a series, as the text has it. */
async function value(series: string): Promise<number | undefined> {
  const { text } = await place.ask('GET', '/metrics')
  const line = text.split('\n').find((each) => each.startsWith(`${series} `))
  return line === undefined ? undefined : Number(line.slice(series.length + 1))
}

describe('the service, watched', () => {
  it('lives', async () => {
    const { status, text } = await place.ask('GET', '/health')
    expect([status, JSON.parse(text)]).toEqual([200, { status: 'alive', version: expect.any(String) as unknown }])
  })

  it('is ready once it is attached, can write and every app can send', async () => {
    const { status, told } = await ready()
    expect([status, told.status]).toEqual([200, 'ready'])
    expect(told).toMatchObject({
      components: [{ domain: 'push.example.com', isReady: true }],
      store: { isReady: true },
    })
    expect(told.apps).toContainEqual({ app: IOS, isReady: true, warnings: [] })
  })

  it('is not ready while nothing can be written', async () => {
    place.house.failStore(true)
    await place.house.pass(2_000)
    const { status, told } = await ready()
    expect([status, told.status]).toEqual([503, 'not-ready'])
    expect(told['store']).toMatchObject({ isReady: false, why: expect.any(String) as unknown })
    expect(await value('xmpp_push_store_up')).toBe(0)
    place.house.failStore(false)
    await place.house.pass(2_000)
    expect((await ready()).status).toBe(200)
  })

  it('counts a push by app, class, outcome and reason, and says how long it took', async () => {
    const path = `/v3/notification/${device}`
    await place.ask('POST', path, alert)
    place.house.apns.script({ answer: answers.refuse('Unregistered'), times: 1 })
    await place.ask('POST', `/v3/notification/${gone}`, alert)
    const own = `app="chat.ios",class="message"`
    expect(await value(`xmpp_push_attempts_total{${own},outcome="delivered",reason=""}`)).toBe(1)
    expect(await value(`xmpp_push_attempts_total{${own},outcome="gone",reason="Unregistered"}`)).toBe(1)
    expect(await value(`xmpp_push_delivery_seconds_count{${own}}`)).toBe(1)
    expect(await value('xmpp_push_accepted_total{app="chat.ios"}')).toBe(2)
    expect(await value('xmpp_push_ended_total{app="chat.ios",end="gone"}')).toBe(1)
    expect(await value('xmpp_push_answers_total{carrier="http",answer="result"}')).toBe(2)
    const route = 'method="POST",route="/v3/notification/:device{.+}"'
    expect(await value(`xmpp_push_http_requests_total{interface="mongoosepush",${route},status="200"}`)).toBe(1)
    expect((await place.ask('GET', '/metrics')).text).not.toContain(device)
  })

  it('tells which app is red and why, and stays able to take what it keeps', async () => {
    place.house.apns.script({ answer: answers.refuse('TopicDisallowed'), times: 1 })
    await place.ask('POST', `/v3/notification/${another}`, alert)
    const { status, told } = await ready()
    expect([status, told.status]).toEqual([200, 'degraded'])
    const red = told.apps.filter(({ isReady }) => !isReady)
    expect(red).toMatchObject([{ app: 'chat.ios', why: expect.stringMatching(/TopicDisallowed.*\. \S/) as unknown }])
    expect((await place.ask('GET', '/ready/chat.ios')).status).toBe(503)
    expect((await place.ask('GET', `/ready/${IOS}`)).status).toBe(200)
    expect((await place.ask('GET', '/ready/nobody')).status).toBe(404)
    expect(await value('xmpp_push_app_held{app="chat.ios"}')).toBe(1)
    expect(await value(`xmpp_push_app_held{app="${IOS}"}`)).toBe(0)
  })

  it('describes every route of the listener in OpenAPI', async () => {
    const { status, text } = await place.ask('GET', '/openapi.json')
    const { openapi, paths } = JSON.parse(text) as { readonly openapi: string; readonly paths: object }
    expect([status, openapi]).toEqual([200, '3.1.0'])
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining(['/v3/notification/{device}', '/healthcheck', '/health', '/ready/{app}', '/metrics']),
    )
  })
})

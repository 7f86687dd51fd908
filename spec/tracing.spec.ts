/** Traces, from the request that names one to the collector that takes them. */
import { answers } from '../lib/sim/apns-answers'
import { IOS } from './support/house'
import { matchedApps, startHttpHouse, type HttpHouse } from './support/http-house'
import { publishTo, registerDevice } from './support/one-device'
import { startOtlpSink, type OtlpSink, type TakenSpan } from './support/otlp-sink'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const device = 'a'.repeat(64)
const alert = { service: 'apns', mode: 'prod', topic: IOS, alert: { title: 'of a secret', body: 'told to nobody' } }

let sink: OtlpSink
let place: HttpHouse

beforeAll(async () => {
  sink = await startOtlpSink()
  place = await startHttpHouse(['mongoosepush', 'metrics'], {
    apps: matchedApps('mongoosepush'),
    settings: { telemetry: { endpoint: sink.url, headers: { 'X-Key': 'key of the collector' } } },
  })
  place.house.apns.addDevice({ token: device, topic: IOS })
})
afterAll(async () => {
  await place.close()
  await sink.close()
})

const push = (traceparent: string, more: Readonly<Record<string, string>> = {}) =>
  place.ask('POST', `/v3/notification/${device}`, alert, { traceparent, ...more })

/** What the collector is sent when it is time, of what came since. */
async function sent(): Promise<readonly TakenSpan[]> {
  const before = sink.spans.length
  const asked = sink.asked()
  await place.house.pass(5_000)
  await asked
  return sink.spans.slice(before)
}

const of = (spans: readonly TakenSpan[], name: string): TakenSpan | undefined =>
  spans.find((each) => each.name === name)
const ROUTE = 'POST /v3/notification/:device{.+}'

describe('traces', () => {
  it("go from the caller's span over the request to the push, and name no device and no text", async () => {
    await push(`00-${TRACE}-${PARENT}-01`, { tracestate: 'vendor=1' })
    const spans = await sent()
    expect(sink.faults).toEqual([])
    const request = of(spans, ROUTE)
    expect(request).toMatchObject({ traceId: TRACE, parentSpanId: PARENT, kind: 2, traceState: 'vendor=1', status: {} })
    expect(request?.attributes).toContainEqual({ key: 'http.response.status_code', value: { intValue: '200' } })
    const attempt = of(spans, 'push chat.ios')
    expect(attempt).toMatchObject({ traceId: TRACE, parentSpanId: request?.spanId, kind: 3, status: {} })
    expect(attempt?.attributes).toContainEqual({ key: 'xmpp_push.outcome', value: { stringValue: 'delivered' } })
    expect(JSON.stringify(spans)).not.toMatch(new RegExp(`${device}|secret|nobody`))
    expect(sink.headers.at(-1)?.['x-key']).toBe('key of the collector')
  })

  it('go from a publish to its push', async () => {
    const node = await registerDevice(place.house, 'romeo@example.com', IOS, device)
    expect(await publishTo(place.house, node)).toBe('result')
    await place.house.rest()
    const spans = await sent()
    const publish = of(spans, 'publish')
    expect(publish?.attributes).toEqual([{ key: 'xmpp_push.answer', value: { stringValue: 'accepted' } }])
    expect(of(spans, `push ${IOS}`)).toMatchObject({ traceId: publish?.traceId, parentSpanId: publish?.spanId })
    expect(JSON.stringify(spans)).not.toMatch(/romeo|secret/)
  })

  it('tell of an attempt that failed', async () => {
    place.house.apns.script({ answer: answers.refuse('PayloadTooLarge'), times: 1 })
    await push(`00-${TRACE}-${PARENT}-01`)
    expect(of(await sent(), 'push chat.ios')?.status).toEqual({ code: 2, message: 'refused' })
  })

  it.each([
    ['no', ''],
    ['a short', `00-${TRACE.slice(1)}-${PARENT}-01`],
    ['an empty', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['an upper-case', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ['a forbidden', `ff-${TRACE}-${PARENT}-01`],
    ['a longer', `00-${TRACE}-${PARENT}-01-x`],
  ])('begin anew where the caller sends %s traceparent', async (_, traceparent) => {
    await push(traceparent)
    const request = of(await sent(), ROUTE)
    expect(request?.traceId).not.toBe(TRACE)
    expect(request).not.toHaveProperty('parentSpanId')
  })

  it('go on where a later version of traceparent says more', async () => {
    await push(`01-${TRACE}-${PARENT}-01-x`)
    expect(of(await sent(), ROUTE)?.traceId).toBe(TRACE)
  })

  it('are not sent where the caller does not sample them', async () => {
    await push(`00-${TRACE}-${PARENT}-00`)
    await place.ask('GET', '/metrics')
    expect((await sent()).map(({ name }) => name)).toEqual(['GET /metrics'])
  })

  it('are dropped and told once while the collector refuses them, and flow again after that', async () => {
    sink.answer(503)
    await push('')
    await sent()
    await push('')
    await sent()
    const told = place.house.log.filter((line) => line.includes('takes no spans: it answered 503'))
    expect(told).toHaveLength(1)
    sink.answer(undefined)
    await push('')
    expect((await sent()).length).toBeGreaterThan(0)
    const { text } = await place.ask('GET', '/metrics')
    expect(text).toMatch(/^xmpp_push_spans_total\{end="dropped"\} [1-9]/m)
  })
})

import { makeCounter, makeHistogram } from '../../lib/observe/figures'
import { exposition } from '../../lib/observe/prometheus'
import { makeReasons } from '../../lib/observe/reason'

const spec = { name: 'a_total', help: 'A.', labels: ['x', 'y'] }

describe('lib/observe/figures', () => {
  it('counts by labels, and together what is too much to tell apart', () => {
    const counter = makeCounter(spec)
    for (let at = 0; at < 1500; at++) counter.add([String(at), 'y'])
    counter.add(['0', 'y'], 2)
    const { figure } = counter
    const samples = figure.type === 'histogram' ? [] : figure.samples()
    expect(samples).toHaveLength(1001)
    expect(samples[0]).toEqual({ labels: ['0', 'y'], value: 3 })
    expect(samples.at(-1)).toEqual({ labels: ['other', 'other'], value: 500 })
  })

  it('are written as Prometheus reads them, two of one name as one', async () => {
    const histogram = () => makeHistogram({ name: 'h_seconds', help: 'H.', labels: ['x'], bounds: [1, 2] })
    const [one, two] = [histogram(), histogram()]
    for (const value of [0.5, 1, 1.5]) one.add(['"a"\n'], value)
    two.add(['"a"\n'], 9)
    const counter = makeCounter(spec)
    counter.add(['1', '2'], 4)
    const text = await exposition([one.figure, counter.figure, two.figure, counter.figure])
    expect(text).toBe(
      [
        ...['# HELP h_seconds H.', '# TYPE h_seconds histogram'],
        ...['h_seconds_bucket{x="\\"a\\"\\n",le="1"} 2', 'h_seconds_bucket{x="\\"a\\"\\n",le="2"} 3'],
        'h_seconds_bucket{x="\\"a\\"\\n",le="+Inf"} 4',
        ...['h_seconds_sum{x="\\"a\\"\\n"} 12', 'h_seconds_count{x="\\"a\\"\\n"} 4', ''],
        ...['# HELP a_total A.', '# TYPE a_total counter', 'a_total{x="1",y="2"} 8', ''],
      ].join('\n'),
    )
  })
})

describe('lib/observe/reason', () => {
  it.each([
    ['400 BadDeviceToken', 'BadDeviceToken'],
    ['410 Unregistered', 'Unregistered'],
    ['FCM answered 404 UNREGISTERED: Requested entity was not found.', 'UNREGISTERED'],
    ['https://push.example.net answered 410: EvilWord', '410'],
    ['connect ECONNREFUSED 127.0.0.1:443', 'ECONNREFUSED'],
    ['no connection within 10000 ms', 'other'],
  ])('of "%s" is %s', (why, reason) => {
    expect(makeReasons()(why)).toBe(reason)
  })

  it('is told apart from 200 others at most', () => {
    const reasonOf = makeReasons()
    const words = new Set(Array.from({ length: 300 }, (_, at) => reasonOf(`400 Reason${at}`)))
    expect(words.size).toBe(201)
    expect(reasonOf('400 Reason1')).toBe('Reason1')
    expect(reasonOf('400 Reason299')).toBe('other')
  })
})

import { readTraceparent, traceHeaders } from '../../lib/observe/trace-context'
import { makeTracing, type Span } from '../../lib/observe/tracing'
import { handClock } from '../support/hand-clock'

const ID = '0af76519-16cd-43dd-8448-eb211c80319c'

function make(share = 1) {
  const spans: Span[] = []
  const clock = handClock()
  return { spans, clock, tracing: makeTracing({ share, clock, ended: (span) => void spans.push(span) }) }
}
const nothing = () => ({})

describe('lib/observe/tracing', () => {
  it('hands the trace on to what an attempt asks', async () => {
    const { tracing, spans } = make()
    const caller = readTraceparent('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', 'vendor=1')
    await tracing.asked('request', caller, () => Promise.resolve(tracing.put([ID])), nothing)
    const headers = await tracing.attempt('push', ID, () => Promise.resolve(traceHeaders()), nothing)
    const [request, push] = spans
    expect(push).toMatchObject({ parent: request?.context.span, kind: 'client' })
    expect(headers).toEqual({
      traceparent: `00-4bf92f3577b34da6a3ce929d0e0e4736-${push?.context.span ?? ''}-01`,
      tracestate: 'vendor=1',
    })
    expect(traceHeaders()).toEqual({})
  })

  it('names the trace of a delivery that nobody remembers like the delivery', async () => {
    const { tracing, spans } = make()
    await tracing.attempt('push', ID, () => Promise.resolve(), nothing)
    expect(spans).toMatchObject([{ context: { trace: ID.replaceAll('-', '') } }])
    expect(spans[0]).not.toHaveProperty('parent')
  })

  it('tells how long it took, and that it broke', async () => {
    const { tracing, spans, clock } = make()
    const broken = async (): Promise<void> => {
      await clock.advance(25)
      throw new Error('a bug')
    }
    await expect(tracing.asked('request', undefined, broken, nothing)).rejects.toThrow('a bug')
    expect(spans).toMatchObject([{ error: 'broken', start: clock.now() - 25, end: clock.now() }])
  })

  it('begins only a share of traces, and keeps what a caller says of its own', async () => {
    const { tracing, spans } = make(0)
    await tracing.asked('ours', undefined, () => Promise.resolve(), nothing)
    await tracing.attempt('push', ID, () => Promise.resolve(), nothing)
    expect(spans).toEqual([])
    const caller = readTraceparent('00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')
    await tracing.asked('theirs', caller, () => Promise.resolve(), nothing)
    expect(spans).toHaveLength(1)
  })
})

/** Where spans begin and end in the house, if the configuration says where they are to be sent. Part of the composition root. */
import { type Clock } from './clock'
import { type Config } from './config'
import { type SendingApp } from './dispatch/sender'
import { type PublishAnswer, type PublishRequest } from './model/request'
import { type Observe } from './observe'
import { type Figure } from './observe/figures'
import { makeExporter } from './observe/otlp'
import { makeTracing, type Tracing } from './observe/tracing'
import { type Outbox } from './outbox/outbox'
import { version } from './version'

export interface Traces {
  /** For requests over HTTP; absent where nothing is traced. */
  readonly tracing: Tracing | undefined
  readonly figures: readonly Figure[]
  /** The same, each publish a span. */
  publish(
    decide: (request: PublishRequest) => Promise<PublishAnswer>,
  ): (request: PublishRequest) => Promise<PublishAnswer>
  /** The same; what is put is known by what brought it. */
  outbox<O extends Outbox>(outbox: O): O
  /** The same, each attempt a span. */
  sending(apps: ReadonlyMap<string, SendingApp>): ReadonlyMap<string, SendingApp>
  close(): Promise<void>
}

/** Milliseconds that the last spans are given at a stop. */
const GRACE = 1_000

export function makeTraces({ telemetry: to }: Config, clock: Clock, observe: Observe): Traces {
  if (to === undefined) {
    return {
      ...{ tracing: undefined, figures: [], publish: (decide) => decide, outbox: (outbox) => outbox },
      ...{ sending: (apps) => apps, close: () => Promise.resolve() },
    }
  }
  const notice = (text: string): void => observe({ at: 'notice', about: 'telemetry', text })
  const exporter = makeExporter({ to, version, clock, notice })
  const tracing = makeTracing({ share: to.share, clock, ended: (span) => exporter.add(span) })

  function traced(app: string, { provider, write }: SendingApp): SendingApp {
    const attempt: typeof provider.attempt = (each) =>
      tracing.attempt(
        `push ${app}`,
        each.id,
        () => provider.attempt(each),
        ({ is }) => {
          const attributes = { 'xmpp_push.app': app, 'xmpp_push.delivery': each.id, 'xmpp_push.outcome': is }
          return { attributes, ...(is === 'delivered' ? {} : { error: is }) }
        },
      )
    // What it can do at once may change at any time.
    return { write, provider: Object.create(provider, { attempt: { value: attempt } }) as typeof provider }
  }

  return Object.freeze({
    tracing,
    figures: exporter.figures,
    publish: (decide) => (request) =>
      tracing.asked(
        'publish',
        undefined,
        () => decide(request),
        ({ is }) => ({ attributes: { 'xmpp_push.answer': is }, ...(is === 'trouble' ? { error: is } : {}) }),
      ),
    outbox: (outbox) => ({
      ...outbox,
      put(deliveries) {
        tracing.put(deliveries.map(({ id }) => id))
        return outbox.put(deliveries)
      },
    }),
    sending: (apps) => new Map([...apps].map(([name, app]) => [name, traced(name, app)])),
    close: () => exporter.close(GRACE),
  } satisfies Traces)
}

/** What of a configuration that was read again only a restart brings into force. Part of the composition root; pure. */
import { type Config } from './config'

/** Parts whose text tells whether they changed; of `http`, tokens and certificates are taken over without a restart. */
const LASTING = ['store', 'http', 'log', 'remoteDisable', 'telemetry', 'roles'] as const

function textOf({ text }: Config): Readonly<Record<string, unknown>> {
  // It was read once, so it is JSON; a byte order mark is no part of it.
  return JSON.parse(text.reveal().replace(/^\ufeff/, '')) as Readonly<Record<string, unknown>>
}

function withoutProofs(key: string, value: unknown): unknown {
  return key === 'auth' || key === 'tls' ? value !== undefined : value
}

function linksOf({ components }: Config): string {
  return JSON.stringify(
    components.map(({ domain, service, secret, ca, parser }) => [
      domain,
      service,
      secret.reveal(),
      ca?.toString('base64'),
      parser,
    ]),
  )
}

/** Keys of the configuration, in the file's words. What the environment overrides never changes while a process runs. */
export function restartNeeded(running: Config, fresh: Config): readonly string[] {
  const [old, now] = [textOf(running), textOf(fresh)]
  const spell = (value: unknown): string => JSON.stringify(value, withoutProofs) ?? ''
  return [
    ...(linksOf(running) === linksOf(fresh) ? [] : ['component']),
    ...LASTING.filter((key) => spell(old[key]) !== spell(now[key])),
  ]
}

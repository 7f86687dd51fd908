/** What went wrong between us and JetStream, in words for the person who mends it: what happened, and what to do. */
import { JetStreamApiError } from '@nats-io/jetstream'

/** Error codes of the JetStream API that the words depend on. */
const CODES = {
  noResources: [10023, 10047, 10028, 10002, 10077, 10122],
  noPeers: [10005, 10074],
  noStream: [10059],
  notEnabled: [10039, 10076],
  clusterAway: [10008, 10009, 10118],
} as const

/** The words of an error and of whatever caused it. */
function wordsOf(error: unknown): string {
  const words: string[] = []
  for (let cause = error, depth = 0; cause instanceof Error && depth < 4; cause = cause.cause, depth++) {
    const code = 'code' in cause && typeof cause.code === 'string' ? ` ${cause.code}` : ''
    if (!words.some((each) => each.startsWith(cause instanceof Error ? cause.message : ''))) {
      words.push(`${cause.message}${code}`)
    }
  }
  return words.length === 0 ? String(error) : words.join(': ')
}

const isOneOf = (codes: readonly number[], error: unknown): boolean =>
  error instanceof JetStreamApiError && codes.includes(error.code)

/** Cause and mend. `shown`: where the servers are. */
export function troubleText(shown: string, error: unknown): string {
  return `outbox ${shown}: ${wordsOf(error)}: ${mendOf(error)}`
}

/** What to do: the same for whatever has the same cause. */
export function mendOf(error: unknown): string {
  const words = wordsOf(error)
  if (
    isOneOf(CODES.noResources, error) ||
    /no space left|insufficient resources|maximum bytes|resource limits/i.test(words)
  ) {
    return 'its disk or its limit is full: make room there, or raise max_file_store'
  }
  if (isOneOf(CODES.noPeers, error)) {
    return 'there are fewer servers than outbox.replicas asks for: start the others, or ask for fewer'
  }
  if (isOneOf(CODES.noStream, error)) {
    return 'the stream is gone: restore it from a backup, or restart to make it anew'
  }
  if (isOneOf(CODES.notEnabled, error) || /jetstream is not enabled/i.test(words)) {
    return 'JetStream does not answer: no majority of the cluster is up, the stream was deleted, or it is not enabled (jetstream {} in the server’s configuration)'
  }
  if (/authorization|authentication|nkey|permissions violation/i.test(words)) {
    return 'the server refuses us: mend outbox.user and password, token or credentials, or what that user may do'
  }
  if (/certificate|self.signed|tls|ssl|handshake/i.test(words)) {
    return 'TLS fails: mend outbox.tls, or the certificate of the server'
  }
  if (/ENOTFOUND|EAI_AGAIN/.test(words)) return 'there is no such name: mend outbox.servers'
  if (/ECONNREFUSED|connection refused/i.test(words)) {
    return 'nobody listens there: start the server, or mend outbox.servers'
  }
  if (isOneOf(CODES.clusterAway, error) || /timeout|no responders/i.test(words)) {
    return 'it does not answer: see that a majority of its servers is up'
  }
  return 'it goes on by itself once the server takes it again'
}

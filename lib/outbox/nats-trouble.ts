/** What went wrong between us and JetStream, in words for the person who mends it: what happened, and what to do. */
import { JetStreamApiError } from '@nats-io/jetstream'

/** Error codes of the JetStream API that the words depend on. */
const CODES = {
  account: [10002],
  streamTooBig: [10122],
  memory: [10028],
  noRoomForStream: [10047],
  noResources: [10023, 10077],
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
  // The stream's own bounds, and the account's, stay as they are however much a server is given.
  if (/maximum (bytes|messages)/i.test(words)) {
    return 'the stream is at a limit of its own: raise it (nats stream edit, --max-bytes or --max-msgs), or let what waits go out'
  }
  if (isOneOf(CODES.account, error) || /resource limits exceeded for account/i.test(words)) {
    return 'the JetStream limit of our account is reached: raise its max_file (of a JWT: nsc edit account, --js-disk-storage)'
  }
  if (isOneOf(CODES.streamTooBig, error)) {
    return 'the account allows no stream of that size: raise its max_stream_bytes, or lower max_bytes of the stream'
  }
  if (/no space left/i.test(words)) return 'the disk of a server is full: make room there'
  if (isOneOf(CODES.noRoomForStream, error)) {
    return 'there is no room for the stream: raise max_file_store of the servers, or max_file of our account where it has one'
  }
  if (isOneOf(CODES.memory, error)) return 'JetStream has no memory left: raise max_memory_store of the servers'
  if (isOneOf(CODES.noResources, error) || /insufficient resources|resource limits/i.test(words)) {
    return 'JetStream of a server is full: raise max_file_store, or make room on its disk'
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

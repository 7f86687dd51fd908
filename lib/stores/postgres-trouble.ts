/** Which faults mean that the database is gone, full or closed to us for now, and what to tell the operator. No SQL. */

/** Our own code: several servers are named, and none of them takes writing. */
export const NO_WRITER = 'NO_WRITER'

/** By SQLSTATE or its class (PostgreSQL 15, appendix A), or by the system's name of the fault. */
const troubles: Readonly<Record<string, string>> = {
  '08': 'the connection broke',
  '28P01': 'the password is not taken any more; put the right one into store.password, and start again',
  '28': 'the server does not let the user in; look at its pg_hba.conf',
  '3D000': 'the database is not there any more; put it back, or make it',
  '42501': 'the user lost its rights; give them back',
  '42P01': 'its tables are not there any more; put back a backup, or start again to begin anew',
  '25006': 'it is a standby, or takes no writing; point store.url at the server that does',
  '53100': "its disk is full; make room on the database's machine",
  '53300': 'the server has no connection left; raise its max_connections, or lower store.connections',
  '53': 'the server lacks memory or disk; look at its log',
  '57P03': 'the server is starting or recovering',
  '57P': 'the server is being stopped or restarted',
  '58': "the server's disk fails; look at its log",
  XX: 'a part of it is damaged; look at its log',
  ECONNREFUSED: 'nobody listens there; start the server, or mend store.url',
  ENOENT: 'the socket is not there; start the server, or mend store.url',
  EACCES: 'its socket is closed to the user that runs this program',
  ENOTFOUND: 'the name of its host is not known; mend store.url',
  EAI_AGAIN: 'the name of its host can not be looked up; see to the name server',
  ETIMEDOUT: 'the server does not answer; look at it, and at the network',
  EHOSTUNREACH: 'there is no way to its host; look at the network',
  ENETUNREACH: 'there is no way to its host; look at the network',
  ECONNRESET: 'the connection broke',
  EPIPE: 'the connection broke',
  [NO_WRITER]: 'none of its servers takes writing; start the one that does, or promote another',
}

/** What pg says without a code. */
const sentences: readonly (readonly [RegExp, string])[] = [
  [/terminated due to connection timeout|timeout exceeded when trying to connect/, 'ETIMEDOUT'],
  [/Query read timeout/, 'ETIMEDOUT'],
  [/Connection terminated|Client has encountered a connection error|not queryable/, '08'],
]

/** A fault's own sentence in one line; where all addresses of a host refuse, there is only a code. */
export function saidBy(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  const said = 'message' in error ? String(error.message) : ''
  return (said === '' && 'code' in error ? String(error.code) : said).replaceAll('\n', ' ')
}

/** The code of a fault: SQLSTATE, the system's, or what its sentence amounts to. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  if ('code' in error && typeof error.code === 'string') return error.code
  const said = saidBy(error)
  return sentences.find(([sentence]) => sentence.test(said))?.[1]
}

function mendOf(code: string | undefined): string | undefined {
  if (code === undefined) return undefined
  const key = [code, code.slice(0, 3), code.slice(0, 2)].find((each) => Object.hasOwn(troubles, each))
  return key === undefined ? undefined : troubles[key]
}

/** True if nothing can be read or written for the time being, whoever asks for what. */
export function isFloorBroken(error: unknown): boolean {
  return mendOf(codeOf(error)) !== undefined
}

/** True if two who wrote at once stood in each other's way: the same again will do. 23505, 40001, 40P01. */
export function isCollision(error: unknown): boolean {
  return ['23505', '40001', '40P01'].includes(codeOf(error) ?? '')
}

/** In words for the operator: what happened, where, what to do. */
export function troubleText(shown: string, error: unknown): string {
  const code = codeOf(error)
  return (
    `store ${shown} takes nothing: ${mendOf(code) ?? 'it failed'} (${code ?? 'no code'}: ${saidBy(error)}); tried again until it does, ` +
    'and publishes are answered with "wait" meanwhile'
  )
}

/** Who is signed in, and asking the service. The token is handed over once and kept nowhere; the browser keeps a cookie that no script can read. */

let csrf = ''

/** What was answered, or `failed` with why. Never rejects. */
async function ask(method, path, headers = {}, body) {
  try {
    const init = { method, headers, cache: 'no-store', credentials: 'same-origin' }
    const response = await fetch(path, body === undefined ? init : { ...init, body: JSON.stringify(body) })
    const type = response.headers.get('content-type') ?? ''
    const told = type.startsWith('application/json') ? await response.json() : { why: await response.text() }
    return { status: response.status, told }
  } catch {
    return { status: 0, told: { why: 'The service does not answer.' } }
  }
}

/** `in`, with the name if there is one; `out`: a token is needed; `away`: the service does not answer, or will not, with why. */
function standingOf({ status, told }) {
  if (status === 200) {
    csrf = told.csrf
    return { is: 'in', name: told.name }
  }
  return status === 401 ? { is: 'out' } : { is: 'away', why: told.why }
}

/** Goes on with the session that there is, or with none where nobody is asked for a token. */
export async function enter() {
  const standing = standingOf(await ask('GET', 'session'))
  return standing.is === 'out' ? standingOf(await ask('POST', 'session')) : standing
}

export async function signIn(token) {
  return standingOf(await ask('POST', 'session', { authorization: `Bearer ${token}` }))
}

export async function signOut() {
  await ask('DELETE', 'session')
}

/** Asks a question: `{ is: 'answer', answer }`, or `{ is: 'failed', why, isOut }`. */
export async function question(path, body) {
  const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf }
  const { status, told } = await ask('POST', path, headers, body)
  if (status === 200) return told
  return { is: 'failed', why: told.why ?? 'It did not work.', isOut: status === 401 }
}

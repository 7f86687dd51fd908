/** The page put together: who is signed in, which view is shown, and the stream of what changes. */
import { showAbout } from './about.mjs'
import { byId, set, write } from './elements.mjs'
import { makeOverview } from './overview.mjs'
import { makeSending } from './sending.mjs'
import { enter, signIn, signOut } from './session.mjs'

const AGAIN = 3_000
const overview = makeOverview()
const send = makeSending(() => look())
let stream
let isIn = false

/** What the address asks about; it may be cut off in the middle of a sign. */
function wanted() {
  if (!location.hash.startsWith('#/about/')) return undefined
  const text = location.hash.slice(8)
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Shows one view and hides the others. */
function show(view) {
  for (const each of ['sign-in', 'overview', 'found']) byId(each).hidden = each !== view
  for (const each of ['search', 'sign-out']) byId(each).hidden = view === 'sign-in'
}

async function look() {
  const about = wanted()
  if (about === undefined || about === '') return
  if (!(await showAbout(about, send, () => wanted() === about))) askForToken()
}

/** What the address says: the overview, or one thing. */
async function route() {
  const about = wanted()
  if (!isIn) return
  const isFound = about !== undefined && about !== ''
  const was = byId('found').hidden === false
  show(isFound ? 'found' : 'overview')
  document.title = isFound ? `${about} · xmpp-push` : 'xmpp-push'
  if (isFound) {
    byId('about').value = about
    await look()
    byId('found-title').focus()
  } else if (was) {
    byId('about').value = ''
    byId('main').focus()
  }
}

function watch() {
  stream?.close()
  stream = new EventSource('events')
  stream.addEventListener('all', ({ data }) => overview.all(JSON.parse(data)))
  stream.addEventListener('change', ({ data }) => overview.change(JSON.parse(data)))
  stream.addEventListener('open', () => write(byId('liveness'), 'live'))
  stream.addEventListener('error', () => {
    write(byId('liveness'), 'not live: the service does not answer; it is asked again')
    // Refused for good: the session is over, or the service was started again.
    if (stream.readyState === EventSource.CLOSED) setTimeout(start, AGAIN)
  })
}

function askForToken(fault = '') {
  isIn = false
  stream?.close()
  show('sign-in')
  write(byId('liveness'), '')
  write(byId('standing'), '')
  write(byId('sign-in-fault'), fault)
  byId('token').focus()
}

function goIn(name) {
  isIn = true
  set(byId('sign-out'), 'aria-label', name === undefined ? undefined : `Sign out ${name}`)
  watch()
  void route()
}

async function start() {
  const standing = await enter()
  if (standing.is === 'in') return goIn(standing.name)
  if (standing.is === 'out') return askForToken()
  write(byId('liveness'), standing.why)
  setTimeout(start, AGAIN)
}

byId('sign-in-form').addEventListener('submit', async (event) => {
  event.preventDefault()
  const token = byId('token').value.trim()
  byId('token').value = ''
  const standing = await signIn(token)
  if (standing.is === 'in') return goIn(standing.name)
  askForToken(standing.is === 'out' ? 'This token is not known here.' : standing.why)
})

byId('sign-out').addEventListener('click', async () => {
  await signOut()
  askForToken()
})

byId('look-again').addEventListener('click', () => void look())

byId('search').addEventListener('submit', (event) => {
  event.preventDefault()
  const about = byId('about').value.trim()
  const next = about === '' ? '#/' : `#/about/${encodeURIComponent(about)}`
  if (location.hash === next) void route()
  else location.hash = next
})

addEventListener('hashchange', () => {
  if (location.hash === '' || location.hash.startsWith('#/')) void route()
})

void start()

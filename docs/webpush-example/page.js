// The example page: registers the service worker, subscribes with the app's VAPID public key, and shows the stanza that
// an XMPP client sends to register the subscription. It asks no host but its own.
'use strict'

const the = (id) => document.getElementById(id)

/** The octets of base64url; throws for what is none. */
function octets(base64url) {
  const binary = atob(base64url.replace(/-/g, '+').replace(/_/g, '/'))
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0))
}

function base64url(buffer) {
  return btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '')
}

const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/'/g, '&apos;')

/** The fields of the form: what `register-push-webpush` wants (docs/webpush.md). */
function fieldsOf(subscription, app) {
  return {
    ...(app === '' ? {} : { app }),
    endpoint: subscription.endpoint,
    p256dh: base64url(subscription.getKey('p256dh')),
    auth: base64url(subscription.getKey('auth')),
    'device-id': deviceId(),
  }
}

/** The same for as long as this browser keeps the page's data, so that a renewed endpoint replaces the old one. */
function deviceId() {
  const known = localStorage.getItem('device-id')
  if (known !== null) return known
  const id = crypto.randomUUID()
  localStorage.setItem('device-id', id)
  return id
}

function stanzaOf(fields) {
  const lines = Object.entries(fields).map(
    ([name, value]) => `   <field var='${name}'><value>${escaped(value)}</value></field>`,
  )
  return [
    `<iq type='set' to='push.example.com' id='r1'>`,
    ` <command xmlns='http://jabber.org/protocol/commands' node='register-push-webpush'>`,
    `  <x xmlns='jabber:x:data' type='submit'>`,
    ...lines,
    `  </x>`,
    ` </command>`,
    `</iq>`,
  ].join('\n')
}

async function subscribe() {
  const registration = await navigator.serviceWorker.ready
  const key = the('key').value.trim()
  const subscription = await registration.pushManager.subscribe({
    // Browsers give no other kind: each push has to show something.
    userVisibleOnly: true,
    ...(key === '' ? {} : { applicationServerKey: octets(key) }),
  })
  the('stanza').textContent = stanzaOf(fieldsOf(subscription, the('app').value))
}

async function offerApps() {
  const answer = await fetch('apps.json')
  for (const { app, 'vapid-public-key': key } of answer.ok ? await answer.json() : []) {
    const option = new Option(app, app)
    option.dataset.key = key ?? ''
    the('app').append(option)
  }
  const showKey = () => (the('key').value = the('app').selectedOptions[0]?.dataset.key ?? '')
  the('app').addEventListener('change', showKey)
  showKey()
}

async function start() {
  if (!('serviceWorker' in navigator)) {
    the('worker').textContent = 'this browser has none, or the page is not served over https'
    return
  }
  navigator.serviceWorker.addEventListener('message', ({ data }) => {
    const item = document.createElement('li')
    item.textContent = JSON.stringify(data)
    the('pushes').append(item)
  })
  await navigator.serviceWorker.register('worker.js')
  await navigator.serviceWorker.ready
  the('worker').textContent = 'ready'
  await offerApps()
  the('subscribe').addEventListener('click', () => {
    the('state').textContent = '…'
    subscribe().then(
      () => (the('state').textContent = 'subscribed'),
      (error) => (the('state').textContent = `not subscribed: ${error.message}`),
    )
  })
}

start().catch((error) => (the('worker').textContent = `failed: ${error.message}`))

/**
 * Apple Push Notification service over HTTP/2: https://developer.apple.com/documentation/usernotifications. One attempt, to the environment it
 * names. Refuses to know when to try again, and which token to forget.
 */
import { createPublicKey } from 'node:crypto'
import { type Outcome } from '../model/outcome'
import { type Environment } from '../model/registration'
import { probeApns } from './apns-probe'
import { readCredential, type ApnsCredential } from './apns-credential'
import { apnsOptions, settingsOf, withHandedIn, type ApnsOptions } from './apns-options'
import { checkHandedIn } from './apns-handed-in'
import { eitherKey } from './apns-either-key'
import { requestFor } from './apns-request'
import { makeApnsSender, type ApnsSender } from './apns-sender'
import { credentialName } from './credential-name'
import { masked, previewOf } from './preview'
import {
  type Attempt,
  type Expiry,
  type Finding,
  type HandedIn,
  type Provider,
  type ProviderKind,
  type ProviderSurroundings,
} from './provider'
import { proxyFindings, proxyPart } from './through-proxy'
import { makeVendorClock } from './vendor-clock'

export { type ApnsOptions } from './apns-options'

const GRACE = 15_000
const NONE_HANDED_IN =
  'no certificate has been handed in yet. Have an administrator run the command "Set APNS certificate" of the component'
const HAND_IN =
  'Make a new one in Certificates, Identifiers & Profiles → Certificates of the Apple Developer account and hand it in with the command "Set APNS certificate" of the component'

function check(options: ApnsOptions, now: number): readonly Finding[] {
  const all = settingsOf(options)
  if ('text' in all) return [{ is: 'fault', ...all }]
  const topic: Finding = options.topic.endsWith('.voip')
    ? { is: 'warning', text: `topic is ${options.topic}`, mend: 'Name the bundle id; .voip is added where it belongs' }
    : { is: 'fact', text: `topic ${options.topic}` }
  const findings = all.flatMap((settings): readonly Finding[] => [
    { is: 'fact', text: `environment ${settings.environment}, sends to ${settings.endpoint}` },
    ...proxyFindings(settings.proxy),
    ...readCredential(settings, now).findings,
  ])
  // What two environments share is said once.
  const said = new Set<string>()
  return [topic, ...findings].filter(({ text }) => !said.has(text) && said.add(text))
}

function expiries(options: ApnsOptions, handedIn?: HandedIn): readonly Expiry[] {
  const all = settingsOf(handedIn === undefined ? options : withHandedIn(options, handedIn))
  if ('text' in all) return []
  // Environments share what they name.
  const dates = new Map<string, Expiry>()
  for (const settings of all) {
    for (const expiry of readCredential(settings, 0).expiries ?? []) {
      const mend = handedIn !== undefined && expiry.of === 'credential' ? HAND_IN : expiry.mend
      dates.set(`${expiry.what} ${expiry.at}`, { ...expiry, mend })
    }
  }
  return [...dates.values()]
}

/** What tells a key or certificate from every other. */
function partsOf(credential: ApnsCredential): readonly (string | Uint8Array)[] {
  if (credential.by === 'certificate') return [credential.cert]
  const { teamId, keyId, key, previous } = credential
  const own = [teamId, keyId, createPublicKey(key).export({ type: 'spki', format: 'der' })]
  return previous === undefined ? own : [...own, ...partsOf({ ...previous })]
}

function open(options: ApnsOptions, surroundings: ProviderSurroundings): Provider {
  const { app, clock, handedIn, notice } = surroundings
  const all = settingsOf(handedIn === undefined ? options : withHandedIn(options, handedIn))
  if ('text' in all) throw new Error(`${all.text}. ${all.mend}`)
  const senders = new Map<Environment, ApnsSender>()
  const parts: (string | Uint8Array | undefined)[] = []
  const theirs = makeVendorClock(clock, notice)
  for (const settings of all) {
    if (settings.storedCertificate === true) throw new Error(NONE_HANDED_IN)
    const { credential, ca, findings } = readCredential(settings, clock.now())
    const fault = findings.find((finding) => finding.is === 'fault')
    if (credential === undefined || fault !== undefined) {
      throw new Error(`${fault?.text ?? 'no credential'}. ${fault?.mend ?? ''}`)
    }
    const whom = `APNs (${settings.environment})`
    const heard = (date: string | undefined): void => theirs.hear(whom, date)
    const senderOf = (one: ApnsCredential): ApnsSender =>
      makeApnsSender({ settings, credential: one, ca, heard }, surroundings)
    const previous = credential.by === 'token' ? credential.previous : undefined
    const sender =
      credential.by === 'token' && previous !== undefined
        ? eitherKey(
            { keyId: credential.keyId, sender: senderOf(credential) },
            { keyId: previous.keyId, sender: senderOf(previous) },
            notice,
          )
        : senderOf(credential)
    senders.set(settings.environment, sender)
    parts.push(settings.endpoint, ...partsOf(credential), ca)
  }
  const usual = all[0]?.environment

  return Object.freeze({
    environments: all.map(({ environment }) => environment),
    credential: credentialName('apns', proxyPart(options.proxy), ...parts),
    get concurrency() {
      return Math.max(...[...senders.values()].map((sender) => sender.concurrency()))
    },
    attempt(attempt: Attempt): Promise<Outcome> {
      const { content, environment = usual } = attempt
      if (content.speaks !== 'apns') {
        return Promise.resolve({ is: 'refused', why: `written for ${content.speaks}, not for APNs` })
      }
      const sender = environment === undefined ? undefined : senders.get(environment)
      if (sender === undefined) {
        const mend = `Add ${environment ?? 'it'} to environments in the configuration of app ${app}`
        return Promise.resolve({ is: 'misconfigured', why: `the app has no environment ${environment ?? ''}`, mend })
      }
      return sender.send(attempt, content)
    },
    preview(attempt: Attempt) {
      const { content, environment = usual } = attempt
      const settings = all.find((each) => each.environment === environment)
      if (content.speaks !== 'apns' || settings === undefined) return undefined
      const jwt = readCredential(settings, clock.now()).credential?.by === 'token' ? '…' : undefined
      return previewOf(settings.endpoint, requestFor(masked(attempt), content, settings.topic, jwt))
    },
    prove: async () => [...(await probeApns(senders, options.topic, clock)), ...theirs.findings()],
    async close() {
      await Promise.all([...senders.values()].map((sender) => sender.close(GRACE)))
    },
  })
}

const kind: ProviderKind<ApnsOptions> = {
  kind: 'apns',
  speaks: 'apns',
  options: apnsOptions,
  /** Apple calls its tokens opaque and of varying length: at most 100 bytes, in hexadecimal digits whose case doesn't matter. */
  address: (raw) => (/^(?:[0-9a-f]{2}){32,100}$/i.test(raw) ? raw.toLowerCase() : undefined),
  /** Of APNs' 4096 bytes the rest is for the alert that is seen if the app can't decrypt, the account's name, and the keys. */
  maxEncryptedSize: 3000,
  expiries,
  check: async (options, now) => check(options, now),
  checkHandedIn,
  needsHandedIn: ({ storedCertificate }) => storedCertificate === true,
  open,
}

/** APNs as a kind of provider. */
export const apns = Object.freeze(kind)

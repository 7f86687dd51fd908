/** Decides about registering and unregistering devices: who may, for whom, with which app. Knows no dialect's spelling. */
import { randomBytes, randomUUID } from 'node:crypto'
import { type Clock } from '../clock'
import { type Formerly, type Wish } from '../dialects/dialect'
import { bareOf, parseJid, type Jid } from '../model/jid'
import { Opaque } from '../model/opaque'
import { type Registration } from '../model/registration'
import { type Observe } from '../observe'
import { type Registry } from '../stores/store'
import { type DoorApp, type DoorApps } from './app'
import { makeTellRefused } from './refused'

export interface RegisterRequest {
  readonly service: string
  readonly requester: Jid
  /** The account that an administrator acts for; as it was typed. */
  readonly account?: string
  readonly dialect: string
  readonly wish: Wish
  /** The account's server does not see this request: it did not come through it. */
  readonly isUnseen?: true
  /** The owner, where whoever asks is nobody's account (`model/stand-in`). */
  readonly standIn?: string
}

export type RegisterAnswer =
  | { readonly is: 'registered'; readonly registration: Registration }
  /** `registration` is the first of `registrations`, which are all that were removed. */
  | {
      readonly is: 'unregistered'
      readonly registration: Registration
      readonly registrations: readonly Registration[]
    }
  | { readonly is: 'listed'; readonly registrations: readonly Registration[] }
  | { readonly is: 'unknown-device' }
  /** `mend`: for the operator's log; whoever asked is told why alone. */
  | { readonly is: 'not-allowed' | 'wrong'; readonly why: string; readonly mend?: string }

export interface RegisterOptions {
  readonly registry: Registry
  readonly apps: () => DoorApps
  /** Domains whose accounts may register, by the JID of ours at which they do. */
  readonly domains: (service: string) => readonly string[]
  /** Bare JIDs that may register for others. */
  readonly admins: () => readonly string[]
  readonly clock: Clock
  readonly observe: Observe
}

export interface Register {
  (request: RegisterRequest): Promise<RegisterAnswer>
  isAdmin(requester: Jid): boolean
}

/** Where no setting of ours would help. */
const CLIENTS = 'That is for its client to mend: docs/clients.md'

type Party = { readonly owner: string; readonly by?: string }

/** Rejects only where the store is broken. */
export function makeRegister(options: RegisterOptions): Register {
  const { registry, clock, observe } = options
  const tellRefused = makeTellRefused(clock, observe)
  const isAdmin = (requester: Jid): boolean => options.admins().includes(bareOf(requester))

  function partyOf(request: RegisterRequest): Party | RegisterAnswer {
    if (request.standIn !== undefined) return { owner: request.standIn }
    const requester = bareOf(request.requester)
    if (request.account === undefined) {
      if (request.requester.local === undefined) return { is: 'not-allowed', why: 'A device belongs to an account.' }
      return mayRegister(request.service, request.requester)
        ? { owner: requester }
        : notServed(request.requester.domain)
    }
    if (!isAdmin(request.requester)) {
      const mend = 'If it is one, add the account to access.admins'
      return { is: 'not-allowed', why: 'Only an administrator may act for another account.', mend }
    }
    const account = parseJid(request.account)
    if (account?.local === undefined) return { is: 'wrong', why: '"account" must be the address of an account.' }
    return mayRegister(request.service, account) ? { owner: bareOf(account), by: requester } : notServed(account.domain)
  }

  function mayRegister(service: string, jid: Jid): boolean {
    const domains = options.domains(service)
    return domains.includes(jid.domain) || domains.includes('*')
  }

  async function register(
    request: RegisterRequest,
    party: Party,
    wish: Wish & { wants: 'register' },
  ): Promise<RegisterAnswer> {
    const apps = options.apps()
    const app = apps.get(wish.app)
    if (app === undefined) {
      const why = `There is no app "${wish.app}" here; there is ${[...apps.keys()].join(', ')}.`
      return { is: 'wrong', why, mend: 'If it is yours, add it under "apps"' }
    }
    const address = app.address(wish.address)
    if (address === undefined) return { is: 'wrong', why: notAnAddress(app) }
    const callAddress = wish.callAddress === undefined ? undefined : app.address(wish.callAddress)
    if (wish.callAddress !== undefined && callAddress === undefined) {
      return { is: 'wrong', why: `The second token is no token of the push service of ${app.name}.` }
    }
    const whyNot = await app.whyNot?.(address)
    if (whyNot !== undefined) return { is: 'wrong', why: `This address is refused: ${whyNot}.` }
    const isOwn = wish.formerly?.owner === party.owner
    const former =
      wish.formerly === undefined || isOwn ? undefined : await takenOver(request, wish.formerly, app.name, address)
    // A stand-in has this one node: with another app it is another device, under another secret.
    if (isOwn) await leaveApps(request, party.owner, app.name)
    const secret = former?.secret ?? new Opaque(randomBytes(18).toString('base64url'))
    const registration = await registry.register({
      id: randomUUID(),
      service: request.service,
      node: former?.node ?? wish.node ?? unguessableNode(),
      owner: party.owner,
      dialect: request.dialect,
      device: wish.device,
      ...(wish.withSecret ? { secret } : {}),
      app: app.name,
      address: new Opaque(address),
      ...(callAddress === undefined ? {} : { callAddress: new Opaque(callAddress) }),
      hints: wish.hints,
      at: registry.now(),
    })
    // Only now: in between the node has two registrations of one secret, and either reaches the device.
    if (former !== undefined) {
      const { service, owner, node } = former
      await registry.unregister({ service, owner, node })
    }
    tell('registered', registration, party)
    return { is: 'registered', registration }
  }

  async function leaveApps({ service }: RegisterRequest, owner: string, but: string): Promise<void> {
    for (const { app, node } of await registry.ownedBy(service, owner)) {
      if (app !== but) await registry.unregister({ service, owner, node })
    }
  }

  /** What was taken over of this very device from another service. */
  async function takenOver(
    { service, dialect }: RegisterRequest,
    { owner, device, byAddress }: Formerly,
    app: string,
    address: string,
  ): Promise<Registration | undefined> {
    const owned = await registry.ownedBy(service, owner)
    const its = owned.find((each) => each.dialect === dialect && each.app === app && each.device === device)
    return its === undefined || (byAddress && its.address?.reveal() !== address) ? undefined : its
  }

  async function unregister(
    request: RegisterRequest,
    party: Party,
    wish: Wish & { wants: 'unregister' },
  ): Promise<RegisterAnswer> {
    const { service } = request
    const { owner } = party
    const matches = wish.nodes?.map((node) => ({ service, owner, node })) ?? [
      {
        ...{ service, owner, dialect: wish.dialect ?? request.dialect },
        ...(wish.app === undefined ? {} : { app: wish.app }),
        ...(wish.device === undefined ? {} : { device: wish.device }),
      },
      ...(wish.formerly === undefined
        ? []
        : [{ service, owner: wish.formerly.owner, dialect: request.dialect, device: wish.formerly.device }]),
    ]
    const registrations: Registration[] = []
    // A client that asks through its server tells it, too; whoever asks for it by another way can't.
    const its = { remoteDisable: request.isUnseen === true || party.by !== undefined }
    for (const match of matches) registrations.push(...(await registry.unregister(match, its)))
    const [registration] = registrations
    if (registration === undefined) return { is: 'unknown-device' }
    for (const removed of registrations) tell('unregistered', removed, party)
    return { is: 'unregistered', registration, registrations }
  }

  function tell(at: 'registered' | 'unregistered', registration: Registration, party: Party): void {
    observe({
      at,
      dialect: registration.dialect,
      app: registration.app,
      owner: registration.owner,
      registration: registration.id,
      ...(party.by === undefined ? {} : { by: party.by }),
    })
  }

  async function decide(request: RegisterRequest): Promise<RegisterAnswer> {
    const party = partyOf(request)
    if ('is' in party) return party
    switch (request.wish.wants) {
      case 'nothing':
        return { is: 'wrong', why: request.wish.wrong }
      case 'register':
        return register(request, party, request.wish)
      case 'unregister':
        return unregister(request, party, request.wish)
      case 'list':
        return { is: 'listed', registrations: await registry.ownedBy(request.service, party.owner) }
    }
  }

  async function answer(request: RegisterRequest): Promise<RegisterAnswer> {
    const answered = await decide(request)
    if (answered.is === 'not-allowed' || answered.is === 'wrong') {
      const { service, requester, dialect } = request
      const { why, mend = CLIENTS } = answered
      tellRefused({ service, requester, dialect, why, mend })
    }
    return answered
  }

  return Object.freeze(Object.assign(answer, { isAdmin }))
}

/** What a form that may hold either was given instead; nothing of a subscription is repeated. */
function notAnAddress({ name, speaks }: DoorApp): string {
  return speaks === 'webpush'
    ? `This is no subscription that ${name} takes: "endpoint" must be https, on a host that it may reach, "p256dh" and "auth" the keys to it.`
    : `This is no device token of the push service of ${name}.`
}

/** 144 bits of chance. It never begins with a dash, for operators hand it to commands, which would take it for an option. */
function unguessableNode(): string {
  return randomBytes(18).toString('base64url').replace(/^-/, 'n')
}

function notServed(domain: string): RegisterAnswer {
  const mend = `If they are to be, add ${domain} to access.register`
  return { is: 'not-allowed', why: `Accounts of ${domain} are not served here.`, mend }
}

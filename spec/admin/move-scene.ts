/** What is moved from one store into another: devices of one account, and the app that they have. */
import { Opaque } from '../../lib/model/opaque'
import { type NewRegistration } from '../../lib/stores/store'

export const SERVICE = 'push.example.com'
export const APP = 'org.example.ios'

export const phone = (device: string, more: Partial<NewRegistration> = {}): NewRegistration => ({
  ...{ id: `id-${device}`, service: SERVICE, node: `node-${device}`, owner: 'romeo@example.com', dialect: 'tigase' },
  ...{ device, app: APP, address: new Opaque(`address-${device}`), hints: {}, at: 1_000, ...more },
})

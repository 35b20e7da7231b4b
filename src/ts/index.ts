// The public surface: what `import { ... } from "hawser"` gives.

export type { Address, AddressProvider, AddressRequest } from "./address.js";
export type { Authentication, AuthenticationRequest, AuthenticationStep, ExpiringData } from "./authentication.js";
export type {
  AddressCause,
  AuthenticationCause,
  BrokerCause,
  Cause,
  ClosedCause,
  ConnectPhase,
  ConnectTimeoutCause,
  EngineCause,
  KeepAliveTimeoutCause,
  LeftCause,
  NotMqttCause,
  ProtocolErrorCause,
  RenewedCause,
  SessionInUseCause,
  SocketCause,
} from "./cause.js";
export type { Client } from "./client.js";
export type { CloseOptions } from "./close-options.js";
export { connect } from "./connect.js";
export type { Dedupe, DedupeById, DedupeBySequence, DedupeByTimestamp, DedupeKey, DedupeRules } from "./dedupe.js";
export type { Duration } from "./duration.js";
export type { HostState } from "./engine.js";
export { AuthenticationError, type AuthenticationFailure } from "./errors/authentication-error.js";
export { ClosedError } from "./errors/closed-error.js";
export { DedupeError } from "./errors/dedupe-error.js";
export { EngineError } from "./errors/engine-error.js";
export { HawserError } from "./errors/hawser-error.js";
export { OptionError } from "./errors/option-error.js";
export { OverflowError } from "./errors/overflow-error.js";
export { PayloadError } from "./errors/payload-error.js";
export { PublishError, type PublishFailure } from "./errors/publish-error.js";
export { StoppedError } from "./errors/stopped-error.js";
export { SubscribeError, type SubscribeFailure } from "./errors/subscribe-error.js";
export { TopicError } from "./errors/topic-error.js";
export type {
  ClientErrorEvent,
  ClientEvents,
  ClientStorageEvent,
  GapEvent,
  InterruptedEvent,
  OutcomeEvent,
  PacketEvent,
  StalledEvent,
  StatusEvent,
} from "./events.js";
export type { Gap, SequenceGap, SessionGap } from "./gap.js";
export type { HistoryEntry, HistoryKind } from "./history.js";
export type { IterableSubscription } from "./iterable-subscription.js";
export type { ConnectTimes, Ending } from "./link-times.js";
export type { Message } from "./message.js";
export type { Network } from "./network.js";
export type {
  ConnectOptions,
  Credentials,
  CredentialsProvider,
  CredentialsRequest,
  FreshCredentials,
  Qos,
  QueueOptions,
  WasmSource,
  Will,
} from "./options.js";
export type { CompletedOutcome, FailedOutcome, Outcome, PendingMessage } from "./outcome.js";
export type { PacketTrace } from "./packet.js";
export type { Params } from "./params.js";
export type { MessageProperties, Payload } from "./payload.js";
export type { Policy, PolicyAction } from "./policy.js";
export type { UserProperties, UserPropertiesInit } from "./properties.js";
export type { PublishOptions, PublishResult } from "./publish-options.js";
export { reasonName } from "./reasons.js";
export type { ExponentialReconnect, FixedReconnect, Reconnect } from "./reconnect.js";
export type { SessionInfo, SessionOptions } from "./session-options.js";
export type { Stats } from "./stats.js";
export type { ConnectingStatus, IdleStatus, Limits, OnlineStatus, ServerInfo, Status, StoppedStatus, WaitingStatus } from "./status.js";
export type { Durability, StorageReason, StorageState } from "./storage.js";
export type { SubscribeOptions } from "./subscribe-options.js";
export type { MessageHandler, Subscription, SubscriptionGrant } from "./subscription.js";

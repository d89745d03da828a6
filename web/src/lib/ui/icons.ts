import ArrowDown from "@lucide/svelte/icons/arrow-down";
import ArrowLeft from "@lucide/svelte/icons/arrow-left";
import Bell from "@lucide/svelte/icons/bell";
import BellOff from "@lucide/svelte/icons/bell-off";
import Camera from "@lucide/svelte/icons/camera";
import Check from "@lucide/svelte/icons/check";
import CheckCheck from "@lucide/svelte/icons/check-check";
import ChevronRight from "@lucide/svelte/icons/chevron-right";
import Clock from "@lucide/svelte/icons/clock";
import Copy from "@lucide/svelte/icons/copy";
import Download from "@lucide/svelte/icons/download";
import EllipsisVertical from "@lucide/svelte/icons/ellipsis-vertical";
import File from "@lucide/svelte/icons/file-text";
import HardHat from "@lucide/svelte/icons/hard-hat";
import Image from "@lucide/svelte/icons/image";
import Info from "@lucide/svelte/icons/info";
import KeyRound from "@lucide/svelte/icons/key-round";
import Laptop from "@lucide/svelte/icons/laptop";
import Link from "@lucide/svelte/icons/link";
import Lock from "@lucide/svelte/icons/lock";
import List from "@lucide/svelte/icons/clipboard-list";
import LogOut from "@lucide/svelte/icons/log-out";
import MapPin from "@lucide/svelte/icons/map-pin";
import Message from "@lucide/svelte/icons/message-circle";
import MessagePlus from "@lucide/svelte/icons/message-circle-plus";
import Minus from "@lucide/svelte/icons/minus";
import Mic from "@lucide/svelte/icons/mic";
import Paperclip from "@lucide/svelte/icons/paperclip";
import Navigate from "@lucide/svelte/icons/navigation";
import Pause from "@lucide/svelte/icons/pause";
import Pencil from "@lucide/svelte/icons/pencil";
import Play from "@lucide/svelte/icons/play";
import Plus from "@lucide/svelte/icons/plus";
import Printer from "@lucide/svelte/icons/printer";
import QrCode from "@lucide/svelte/icons/qr-code";
import Radio from "@lucide/svelte/icons/radio";
import Reply from "@lucide/svelte/icons/reply";
import Retry from "@lucide/svelte/icons/rotate-cw";
import Scan from "@lucide/svelte/icons/scan-qr-code";
import Search from "@lucide/svelte/icons/search";
import Send from "@lucide/svelte/icons/send-horizontal";
import Settings from "@lucide/svelte/icons/settings";
import Share from "@lucide/svelte/icons/share-2";
import Shield from "@lucide/svelte/icons/shield";
import ShieldCheck from "@lucide/svelte/icons/shield-check";
import ShareUp from "@lucide/svelte/icons/share";
import PlusBox from "@lucide/svelte/icons/square-plus";
import Siren from "@lucide/svelte/icons/siren";
import Smartphone from "@lucide/svelte/icons/smartphone";
import Smile from "@lucide/svelte/icons/smile-plus";
import Trash from "@lucide/svelte/icons/trash-2";
import Alert from "@lucide/svelte/icons/triangle-alert";
import UserMinus from "@lucide/svelte/icons/user-minus";
import UserPlus from "@lucide/svelte/icons/user-plus";
import Volume from "@lucide/svelte/icons/volume-2";
import Users from "@lucide/svelte/icons/users";
import Wifi from "@lucide/svelte/icons/wifi-off";
import X from "@lucide/svelte/icons/x";

/** Every icon of the app, under the name of what it means here. */
export const ICONS = {
  alarm: Siren,
  alert: Alert,
  attach: Paperclip,
  back: ArrowLeft,
  bell: Bell,
  camera: Camera,
  chat: Message,
  check: Check,
  checks: CheckCheck,
  clock: Clock,
  close: X,
  copy: Copy,
  down: ArrowDown,
  download: Download,
  edit: Pencil,
  file: File,
  forward: ChevronRight,
  image: Image,
  info: Info,
  key: KeyRound,
  laptop: Laptop,
  link: Link,
  lock: Lock,
  list: List,
  logout: LogOut,
  mic: Mic,
  minus: Minus,
  more: EllipsisVertical,
  mute: BellOff,
  navigate: Navigate,
  newChat: MessagePlus,
  offline: Wifi,
  pause: Pause,
  people: Users,
  phone: Smartphone,
  place: MapPin,
  play: Play,
  plus: Plus,
  plusBox: PlusBox,
  print: Printer,
  qr: QrCode,
  radio: Radio,
  react: Smile,
  removePerson: UserMinus,
  addPerson: UserPlus,
  reply: Reply,
  retry: Retry,
  scan: Scan,
  search: Search,
  send: Send,
  settings: Settings,
  share: Share,
  shareUp: ShareUp,
  shield: Shield,
  site: HardHat,
  trash: Trash,
  verified: ShieldCheck,
  volume: Volume,
} as const;
export type IconName = keyof typeof ICONS;

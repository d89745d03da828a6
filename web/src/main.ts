import { mount } from "svelte";
import App from "./App.svelte";
import { catchLinks } from "./lib/state/entry.svelte";
import "./lib/ui/base.css";

catchLinks();
mount(App, { target: document.getElementById("app")! });

import { mount } from "svelte";
import "../lib/ui/base.css";
import Components from "./Components.svelte";

// Only for development: `npm run dev`, then /components.html. The build does not know it.
mount(Components, { target: document.getElementById("app")! });

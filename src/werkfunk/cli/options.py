"""Options that many commands take: one spelling, one help text."""

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path, typer.Option("--data", help="The server's data folder.")]
Profile = Annotated[Path, typer.Option("--profile", help="The folder of a person's device.")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Conversation = Annotated[str, typer.Option("--conversation", help="Title or id.")]
To = Annotated[str, typer.Option("--to", help="Title or id of the conversation.")]

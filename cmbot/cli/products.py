"""``cmbot products``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cmbot.cli.doing import json_option, load, settings_option, told
from cmbot.models.campaign import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cmbot.operations.summary import Product


@click.command("products", short_help="Find finished campaigns and their collections again.")
@click.argument("query", required=False, default="")
@click.option("--production", default="", help="Only of this production.")
@click.option("--type", "kind", type=click.Choice(KINDS), help="Only campaigns of this type.")
@settings_option
@json_option
@told
def command(query: str, production: str, kind: str | None, settings_file: Path, *, as_json: bool) -> None:
    """List the collections of campaigns that have ended, the newest first.

    QUERY is one or more words that must all occur in what is known of a campaign: its keys, names,
    collections, software, pipelines or dataset types.

    An example:

        cmbot products
        cmbot products "visitSummary w_2026_47" --production "nightly validation"
    """
    import json

    from cmbot.operations.summary import products
    from cmbot.reconcile.opening import open_local

    found = products(open_local(load(settings_file)), query, production=production, kind=kind or "")
    if as_json:
        click.echo(json.dumps([each.to_json() for each in found]))
        return
    for each in found:
        for line in _lines(each):
            click.echo("".join(filter(str.isprintable, line)))
    if not found:
        click.echo("no finished campaign fits")


def _judged(product: Product) -> str:
    return product.verdict + (f" by {product.verdict_by}" if product.verdict_by else "")


def _lines(product: Product) -> Iterator[str]:
    about = ", ".join(filter(None, (product.production, product.kind)))
    yield (
        f"{product.campaign} {product.name} ({about}): {product.status}, verdict {_judged(product)}, "
        f"{product.produced} of {product.expected} quanta, {product.ended[:16].replace('T', ' ')} UTC"
    )
    yield f"    {product.collection} in {product.butler}"
    if product.datasets:
        yield f"    {', '.join(f'{number} {name}' for name, number in product.datasets.items())}"
    yield from (f"    {software}" for software in product.software)
    yield from (f"    suspicious: {text}" for text in product.suspicious)
    yield f"    summary: {product.summary}"

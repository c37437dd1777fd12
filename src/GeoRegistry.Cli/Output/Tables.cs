using Spectre.Console;

namespace GeoRegistry.Cli.Output;

/// <summary>Tables as commands print them: one line of heads, then the rows, nothing drawn around them.</summary>
internal static class Tables
{
    /// <summary>Shown where there is no value.</summary>
    public const string Nothing = "-";

    public static Table Of(params string[] columns)
    {
        var table = new Table().Border(TableBorder.None);
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column, new Style(decoration: Decoration.Bold))).Padding(0, 0, 2, 0));
        return table;
    }

    /// <summary>Adds a row; null and empty cells are shown as <see cref="Nothing"/>.</summary>
    public static void Add(this Table table, params string?[] cells) =>
        table.AddRow(cells.Select(cell => new Text(string.IsNullOrEmpty(cell) ? Nothing : Printable.Of(cell))));
}

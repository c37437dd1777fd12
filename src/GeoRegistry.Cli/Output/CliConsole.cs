using Spectre.Console;

namespace GeoRegistry.Cli.Output;

/// <summary>Where a command writes: data to <see cref="Out"/>, messages and progress to <see cref="Error"/>.</summary>
internal sealed class CliConsole
{
    /// <summary>Columns of a line that goes to a file or a pipe: tables are never wrapped there.</summary>
    private const int UnboundedWidth = 1000;

    public CliConsole(TextWriter output, TextWriter error)
    {
        Out = output;
        Error = error;
        var terminal = new AnsiConsoleOutput(output);
        IsTerminal = terminal.IsTerminal;
        Ansi = AnsiConsole.Create(new AnsiConsoleSettings { Out = terminal, Ansi = IsTerminal ? AnsiSupport.Detect : AnsiSupport.No });
        if (!IsTerminal) Ansi.Profile.Width = UnboundedWidth;
    }

    /// <summary>Standard output.</summary>
    public TextWriter Out { get; }

    /// <summary>Standard error.</summary>
    public TextWriter Error { get; }

    /// <summary>Standard output, with colours and tables.</summary>
    public IAnsiConsole Ansi { get; }

    /// <summary>Whether standard output is a terminal.</summary>
    public bool IsTerminal { get; }

    /// <summary>
    /// Writes a sentence for whoever runs the command. Where it cannot be written, on a full disk, the command goes on
    /// without it.
    /// </summary>
    public void Say(string sentence)
    {
        try
        {
            Error.WriteLine(Printable.Of(sentence));
        }
        catch (IOException)
        {
            // Nobody reads it, which must not end what is running.
        }
    }
}

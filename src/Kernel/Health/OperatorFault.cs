namespace Appliance.Kernel;

/// <summary>What an operator asked for cannot be done: says what is wrong, the particulars, and what to do next.</summary>
/// <remarks>Verbs print it as three lines on standard error and end with 1; it is never shown with a stack trace.</remarks>
public sealed class OperatorFault : Exception
{
    /// <summary>Describes the fault.</summary>
    /// <param name="wrong">One short sentence: what is wrong.</param>
    /// <param name="particulars">The facts: paths, addresses, process ids, the words of the program that failed. Nothing secret.</param>
    /// <param name="next">What to do, with the exact command where there is one.</param>
    /// <param name="inner">The cause, for the log only.</param>
    public OperatorFault(string wrong, string particulars, string next, Exception? inner = null)
        : base($"{wrong} {particulars} {next}", inner) =>
        (Wrong, Particulars, Next) = (wrong, particulars, next);

    /// <summary>One short sentence: what is wrong.</summary>
    public string Wrong { get; }

    /// <summary>The facts.</summary>
    public string Particulars { get; }

    /// <summary>What to do next.</summary>
    public string Next { get; }

    /// <summary>Prints the three parts, one on a line.</summary>
    public void Print(TextWriter output)
    {
        output.WriteLine($"cirt: {Wrong}");
        output.WriteLine($"  {Particulars}");
        output.WriteLine($"  {Next}");
    }
}

namespace Appliance.Kernel.Mail.Parse;

/// <summary>How much of one message is read. What lies beyond is named in the result, never silently dropped.</summary>
internal static class ParseLimits
{
    /// <summary>Bytes of one document, above what any setting allows.</summary>
    public const int Bytes = 101 * 1024 * 1024;

    /// <summary>Levels of parts and attached messages.</summary>
    public const int Depth = 20;

    /// <summary>Parts of one message.</summary>
    public const int Parts = 500;

    /// <summary>Headers of one part.</summary>
    public const int Headers = 1000;

    /// <summary>Characters of one header value.</summary>
    public const int HeaderLength = 64 * 1024;

    /// <summary>Characters of text shown and searched.</summary>
    public const int Text = 512 * 1024;

    /// <summary>Addresses of one header.</summary>
    public const int Addresses = 500;

    /// <summary>Traces taken from one message.</summary>
    public const int Observables = 2000;
}

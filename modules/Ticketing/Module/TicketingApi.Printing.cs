using Appliance.Kernel.Modules;
using Appliance.Ticketing.Printing;

namespace Appliance.Ticketing;

/// <summary>Incidents on paper.</summary>
internal static partial class TicketingApi
{
    private static void DescribePrinting(IModuleBuilder builder) => builder.Endpoint("GET", "incidents/{number}/report.pdf", Permissions.Read, PrintIncident.PdfAsync);
}
